"""Demangling, including names crafted to take forever."""

import random
import resource
import sys
import time

import pytest

from smapstop.proc.elf import demangler as demangling
from smapstop.proc.elf.demangler import Demangler

PUSH_BACK = "_ZNSt6vectorIiSaIiEE9push_backEOi"
KNOWN = {
    PUSH_BACK: "std::vector<int, std::allocator<int>>::push_back(int&&)",
    "_ZTV6Parser": "vtable for Parser",
    "_ZGVZ4oncevE1x": "guard variable for once()::x",
    "_ZSt4cout@GLIBCXX_3.4": "std::cout@GLIBCXX_3.4",
    # rustc 1.95, by its older scheme, which is told from C++ by the hash, and by the newer one
    "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE": "core::fmt::Write::write_fmt",
    "_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE": (
        "<alloc::string::String as core::fmt::Debug>::fmt"
    ),
    "_RNvNtCs6xxl1lAjzDf_1a8counters4HITS": "a::counters::HITS",
    "_RINvNtCs6xxl1lAjzDf_1a8counters4bumpmEB4_": "a::counters::bump::<u32>",
}


def test_names_of_c_plus_plus_rust_and_c_at_once() -> None:
    others = {name: name for name in ("page1", "i", "main", "_start", "_Znonsense", "_R", "")}

    assert Demangler().demangle([*KNOWN, *others]) == KNOWN | others


def test_name_that_stands_for_a_huge_one_is_given_up_and_takes_only_those_after_it_along() -> None:
    doubled = "".join(f"S_IS{digit}_S{digit}_E" for digit in "0123456789ABCDEFGHIJKLMNOPQRST")
    huge = f"_Z1f1AIiiE{doubled}"
    demangler = Demangler()
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss

    assert demangler.demangle(["_Z3onev", huge, "_Z3twov"]) == {"_Z3onev": "one()", huge: huge, "_Z3twov": "_Z3twov"}
    assert time.monotonic() - began < 60
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss <= max(before, 256 << 10), "kB"
    assert demangler.demangle(["_Z5threev"]) == {"_Z5threev": "three()"}


def test_names_with_odd_letters_do_no_harm() -> None:
    names = ["_Z3on\nev", "_Z3fooé", "\ud83d", "_Z" + "N" * 1000, "_Z" + "P" * 1000 + "v"]

    assert Demangler().demangle([*names, PUSH_BACK]) == {name: name for name in names} | {PUSH_BACK: KNOWN[PUSH_BACK]}


def test_any_text_has_one_name() -> None:
    chance = random.Random(5)
    letters = "CNMXYIBTARSPOFDEGKLUusnvpt_0123456789abchl"
    names = ["_Z" + "".join(chance.choices(letters, k=chance.randrange(60))) for _ in range(500)]

    assert Demangler().demangle([*names, PUSH_BACK])[PUSH_BACK] == KNOWN[PUSH_BACK]


def test_without_the_library_names_stay_mangled(monkeypatch: pytest.MonkeyPatch) -> None:
    for interpreter in ("/bin/true", "/nowhere"):
        monkeypatch.setattr(sys, "executable", interpreter)
        assert Demangler().demangle([PUSH_BACK]) == {PUSH_BACK: PUSH_BACK}


def test_each_name_is_demangled_once_while_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    demangler = Demangler()
    first = demangler.demangle([PUSH_BACK])
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert demangler.demangle([PUSH_BACK, "page1"]) == first | {"page1": "page1"}

    monkeypatch.setattr(demangling, "MAX_CACHED_NAMES", 0)
    assert demangler.demangle([PUSH_BACK]) == {PUSH_BACK: PUSH_BACK}
