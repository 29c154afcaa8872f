"""A saved text says what the process said, whatever stands around it; or it is refused with its line."""

import bz2
import gzip
import lzma
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import mapping_dicts
from places import DATA

from smapstop.errors import SmapstopError
from smapstop.proc.columns import Mappings
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.saved_smaps import unpack
from smapstop.saved_smaps.saved_text import choose_reading, decode_file, parse_reading, read_saved_text

TEXT = (DATA / "smaps" / "linux-6.18.txt").read_bytes()
OLD_TEXT = (DATA / "smaps" / "linux-2.6.32.txt").read_bytes()
ROLLUP = (DATA / "smaps" / "linux-6.18-rollup.txt").read_bytes()
MAPS = b"".join(re.findall(rb"(?m)^[0-9a-f]+-.*\n", TEXT))
OLD_HEADER = OLD_TEXT.splitlines(keepends=True)[12]
HEADERS = re.findall(rb"(?m)^[0-9a-f]+-.*$", TEXT)
BORDER = "another reading begins here; there are "


def read(data: bytes, number: int | None = None) -> Mappings:
    """The mappings of a reading."""
    return parse_reading(choose_reading(read_saved_text(decode_file(data)).readings, number))


def told(data: bytes, number: int | None = None) -> str:
    """Why a text is refused."""
    with pytest.raises(SmapstopError) as raised:
        read(data, number)
    assert raised.value.remedy
    return str(raised.value)


def each_line(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change every line."""
    return lambda text: b"".join(map(change, text.splitlines(keepends=True)))


DRESSES: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "crlf": lambda text: text.replace(b"\n", b"\r\n"),
    "crlf twice": lambda text: text.replace(b"\n", b"\r\r\n"),
    "cr": lambda text: text.replace(b"\n", b"\r"),
    "mark": lambda text: b"\xef\xbb\xbf" + text,
    "mark and crlf": lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"),
    "utf-16": lambda text: text.decode().replace("\n", "\r\n").encode("utf-16"),
    "utf-16 of the other end": lambda text: b"\xfe\xff" + text.decode().encode("utf-16-be"),
    "utf-16 without a mark": lambda text: text.decode().encode("utf-16-le"),
    "utf-32": lambda text: text.decode().encode("utf-32"),
    "zeros before": lambda text: b"\0" * 5000 + text,
    "blank lines": lambda text: text.replace(b"\n", b"\n\n"),
    "blank lines around": lambda text: b"\n\n  \n" + text + b"\n \t\n",
    "prompt": lambda text: b"root@host:~# cat /proc/4711/smaps\n" + text + b"root@host:~# ",
    "date": lambda text: b"Sun Nov 29 20:54:36 UTC 2026\n" + text,
    "date after": lambda text: text + b"Sun Nov 29 20:54:36 UTC 2026\n",
    "seconds": lambda text: b"Time: 1796072076\n" + text + b"Time: 1796072077\n",
    "quotes": each_line(lambda line: b"> " + line),
    "quotes of quotes, and crlf": each_line(lambda line: b">> > " + line[:-1] + b"\r\n"),
    "mail": lambda text: b"From: a@b\nDate: Sun, 29 Nov 2026 20:54:36 +0000\n\nSee:\n" + text + b"-- \nme\n",
    "indent": each_line(lambda line: b"    " + line),
    "tabs": each_line(lambda line: b"\t" + line),
    "fences": lambda text: b"```console\n" + text + b"```\n",
    "numbers": lambda text: b"".join(b"%6d\t%s\n" % (at, row) for at, row in enumerate(text.splitlines(), 1)),
    "grep -n": lambda text: b"".join(b"%d:%s\n" % (at, row) for at, row in enumerate(text.splitlines(), 1)),
    "grep -H": each_line(lambda line: b"/proc/4711/smaps:" + line),
    "journal": each_line(lambda line: b"Nov 29 20:54:36 host smapslog[812]: " + line),
    "kubectl": each_line(lambda line: b"2026-11-29T20:54:36.123456789Z stdout F " + line),
    "dmesg": each_line(lambda line: b"[ 1234.567890] " + line),
    "compose": each_line(lambda line: b"web-1  | " + line),
    "colours": lambda text: text.replace(b"Rss", b"\x1b[01;31m\x1b[KRss\x1b[m\x1b[K"),
    "coloured names": lambda text: re.sub(rb"(\[\w+\])\n", b"\x1b[01;31m\x1b[K\\1\x1b[m\x1b[K\n", text),
    "no-break spaces": lambda text: re.sub(rb"(?m)(^\w+:) ", b"\\1\xc2\xa0", text),
    "gzip": gzip.compress,
    "two members": lambda text: gzip.compress(text[:999]) + gzip.compress(text[999:]),
    "xz": lzma.compress,
    "bzip2 in gzip": lambda text: gzip.compress(bz2.compress(text)),
    "rollup after": lambda text: text + ROLLUP,
    "rollup before": lambda text: ROLLUP + text,
    "maps before": lambda text: MAPS + text,
    "status before": lambda text: b"Name:\tcat\nPid:\t4711\nVmPeak:\t  100 kB\n" + text,
    "meminfo after": lambda text: text + b"MemTotal:  100 kB\nAnonHugePages: 0 kB\n",
}


@pytest.mark.parametrize("text", [TEXT, OLD_TEXT], ids=["new", "old"])
@pytest.mark.parametrize("dress", DRESSES)
def test_what_is_around_a_text_changes_nothing(dress: str, text: bytes) -> None:
    assert mapping_dicts(read(DRESSES[dress](text))) == mapping_dicts(parse_smaps(text))


@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd")
def test_zstd_is_read_by_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = subprocess.run(["zstd", "-c"], input=TEXT, stdout=subprocess.PIPE, check=True).stdout
    assert mapping_dicts(read(packed)) == mapping_dicts(parse_smaps(TEXT))
    assert told(packed[:99]) == "damaged zstd data: compress and copy it again"
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(__import__("sys").modules, "compression.zstd", None)
    assert told(packed).startswith("zstd-compressed, and there is no zstd program: decompress it first: ")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_grows_beyond_the_limit_or_is_damaged_is_refused(
    pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert re.match("damaged (gzip|bzip2|xz) data ", told(pack(TEXT)[:-20]))
    monkeypatch.setattr(unpack, "MOST_BYTES", 1 << 20)
    assert told(pack(bytes(9 << 20))) == "more than 1 MiB of text: give a part of it"
    assert told(bytes(2 << 20)) == "more than 1 MiB of text: give a part of it"


def test_a_name_with_a_carriage_return_or_an_escape_keeps_it() -> None:
    text = b"1000-2000 rw-p 00000000 fe:00 7    /a\rb\x1b[1mc\r\nRss: 4 kB\n"
    assert read(text).name_of(0) == "/a\rb\x1b[1mc\r"


def test_a_header_that_a_mail_program_broke_is_whole_again() -> None:
    text = re.sub(rb"(?m)^([0-9a-f]+-.*?[1-9][0-9]*) +(/\S+)$", b"\\1\n> \\2", TEXT)
    assert text != TEXT
    assert mapping_dicts(read(text)) == mapping_dicts(parse_smaps(TEXT))


def test_sizes_follow_from_addresses_where_the_kernel_prints_none() -> None:
    wsl1 = (DATA / "smaps" / "wsl1.txt").read_bytes().replace(b"\n", b"\r\n")
    for text in (wsl1, MAPS, each_line(lambda line: b"> " + line)(MAPS)):
        mappings, sizes = read(text), read(text).get("size")
        assert sizes is not None
        assert sizes.tolist() == ((mappings.end - mappings.start) // 1024).tolist()
        assert mappings.get("rss") is None


# several readings


def prefixed(prefix: bytes, text: bytes) -> bytes:
    """A text with something before each line."""
    return each_line(lambda line: prefix + line)(text)


def other_process() -> bytes:
    """A text at other addresses, all lower."""
    return b"1000-2000 r--p 00000000 fe:00 9      /bin/other\n" + TEXT[TEXT.index(b"\n") + 1 : TEXT.index(HEADERS[1])]


LOWER, LINES, LOWER_LINES = other_process(), TEXT.count(b"\n"), other_process().count(b"\n")
GROWING = b"1000-2000 rw-p 00000000 00:00 0 [heap]\nRss: 4 kB\n1000-3000 rw-p 00000000 00:00 0 [heap]\nRss: 8 kB\n"
SERIES: dict[str, tuple[bytes, int]] = {
    "one after the other": (TEXT + TEXT, LINES + 1),
    "another process": (TEXT + LOWER, LINES + 1),
    "dates": (b"Sun Nov 29 20:54:36 UTC 2026\n" + TEXT + b"Sun Nov 29 20:54:37 UTC 2026\n" + TEXT, LINES + 3),
    "a date between, and higher addresses": (LOWER + b"2026-11-29T20:54:37Z\n" + TEXT, LOWER_LINES + 2),
    "names of files": (b"==> a <==\n" + LOWER + b"\n==> b <==\n" + TEXT, LOWER_LINES + 4),
    "prompts": (b"$ cat /proc/1/smaps\n" + LOWER + b"$ cat /proc/2/smaps\n" + TEXT, LOWER_LINES + 3),
    "rollups between": (LOWER + ROLLUP + TEXT, LOWER_LINES + ROLLUP.count(b"\n") + 1),
    "status between": (LOWER + b"Name:\tb\nPid:\t2\n" + TEXT, LOWER_LINES + 3),
    "crlf and quotes": (each_line(lambda line: b"> " + line[:-1] + b"\r\n")(TEXT * 2), LINES + 1),
    "old kernel": (OLD_TEXT * 2, OLD_TEXT.count(b"\n") + 1),
    "maps": (MAPS * 2, MAPS.count(b"\n") + 1),
    "grep -H": (prefixed(b"/proc/1/smaps:", LOWER) + prefixed(b"/proc/2/smaps:", TEXT), LOWER_LINES + 1),
    "one mapping that grows": (GROWING, 3),
    "rollups": (ROLLUP * 2, ROLLUP.count(b"\n") + 1),
}


@pytest.mark.parametrize("case", SERIES)
def test_another_reading_is_refused_with_its_line_or_chosen(case: str) -> None:
    text, line = SERIES[case]
    assert told(text).startswith(f"line {line}: {BORDER}2: choose one with --reading N, ")
    readings = read_saved_text(decode_file(text)).readings
    assert [reading.line for reading in readings][1] == line
    assert told(text, 3).startswith(f"--reading 3: it has 2 readings, in lines {readings[0].line}, {line}: ")
    if readings[0].kind != "rollup":
        first, second = parse_smaps(readings[0].text), parse_smaps(readings[1].text)
        assert len(read(text, 1)) == len(first)
        assert read(text, 2).start.tolist() == second.start.tolist()
        assert len(read(text, 1)) + len(read(text, 2)) == len(re.findall(rb"[0-9a-f]-[0-9a-f]+ .{4} ", text)) - (
            ROLLUP in text
        )


def test_a_reading_that_was_cut_ends_where_another_process_begins() -> None:
    a = b"5000-6000 r--p 00000000 fe:00 1 /bin/a\nSize: 4 kB\nRss: 4 kB\nPss: 4 kB\n"
    b = a.replace(b"5000-6000", b"7000-8000").replace(b"/bin/a", b"/bin/b")
    cut = b"6000-7000 r-xp 00001000 fe:00 1 /bin/a\nSize: 4 kB\n"
    saved = read_saved_text(a + cut + b + b.replace(b"7000-8000 r--p 00000000", b"8000-9000 r-xp 00001000"))
    assert [reading.line for reading in saved.readings] == [1, 7]
    assert saved.readings[0].notes == (
        "line 5: the text ends inside this mapping, which was left out; more may be missing",
    )
    assert len(read(a + cut + b, 1)) == 1


@pytest.mark.parametrize("name", [b"[heap]", b"[stack]"])
def test_a_second_heap_or_stack_is_of_another_process(name: bytes) -> None:
    rows = [b"/bin/a", name, b"/bin/b", name]
    form = b"%x000-%x000 rw-p 00000000 fe:00 1 %s\nRss: 4 kB\n"
    text = b"".join(form % (at, at + 1, row) for at, row in enumerate(rows, 1))
    assert told(text).startswith(f"line 5: {BORDER}2")
    parts = text.replace(b"/bin/b", name)
    assert len(read(parts)) == 4


def test_a_64_bit_process_after_a_32_bit_one_is_another() -> None:
    text = (
        b"fffdd000-ffffe000 rw-p 00000000 00:00 0 [stack]\nRss: 4 kB\n"
        b"55d0c4a1e000-55d0c4a3f000 r--p 00000000 fe:00 1 /bin/b\nRss: 4 kB\n"
    )
    assert told(text).startswith(f"line 3: {BORDER}2")


def test_mappings_that_merged_while_they_were_read_count_once() -> None:
    rows = [(1, 2), (2, 3), (5, 6), (6, 7), (5, 8), (9, 10)]
    text = b"".join(b"%x000-%x000 rw-p 00000000 00:00 0 \nRss: 4 kB\n" % row for row in rows)
    assert read(text).start.tolist() == [0x1000, 0x2000, 0x5000, 0x9000]


# cut


@pytest.mark.parametrize("text", [TEXT[: TEXT.index(HEADERS[4])], OLD_TEXT], ids=["new", "old"])
def test_a_text_that_is_cut_anywhere_is_not_believed_beyond_its_last_whole_mapping(text: bytes) -> None:
    whole = mapping_dicts(parse_smaps(text))
    third = [match.start() for match in re.finditer(rb"(?m)^[0-9a-f]+-", text)][2]
    for size in range(third, len(text)):
        saved = read_saved_text(text[:size])
        mappings = mapping_dicts(parse_reading(saved.readings[0]))
        complete = text[:size].rstrip(b"\n").count(b"\n") // (text.count(b"\n") // len(whole))
        for ours, its in zip(mappings, whole, strict=False):
            assert {name: value for name, value in ours.items() if name != "flags"} == {
                name: value for name, value in its.items() if name != "flags"
            }
        assert len(mappings) in (complete, complete + 1)
        if len(mappings) == complete and not re.search(rb"\n[0-9a-f]{0,2}$", text[:size]):
            assert saved.notes or saved.readings[0].notes


CUT = b"55d0c4a1e000-55d0c4a3f000 rw-p 00000000 00:00 0   [heap]\nSize:  135168 kB\nRss:   1318"
FIRST, SECOND = HEADERS[:2]
DAMAGES: dict[str, tuple[bytes, str]] = {
    "in its only mapping": (CUT, "line 1: the text ends inside its only mapping: "),
    "units": (TEXT.replace(b" kB", b"", 3), "line 2: Size without kB: "),
    "no header": (TEXT.replace(SECOND + b"\n", b""), "line 26: Size without a mapping's header before it: "),
    "no header of old": (OLD_TEXT.replace(OLD_HEADER, b""), "line 13: Size again in the record of line 1: "),
    "no number": (TEXT.replace(b"\nRss:", b"\nRss: x", 1), "line 5: expected a number after Rss, found "),
    "noise": (TEXT.replace(b"\nPss:", b"\nzz\nPss:", 1), "line 6: expected a field of the mapping in line 1, found "),
    "short header": (TEXT.replace(SECOND, SECOND[:30]), "line 26: expected a mapping's header, found "),
    "no range": (TEXT.replace(SECOND, b"5-4 " + SECOND[26:]), "line 26: expected a mapping's header, found "),
    "header of old": (OLD_TEXT.replace(b"\n0", b"\n0x", 1), "line 13: expected a mapping's header, found "),
    "header of maps": (
        MAPS.replace(SECOND, SECOND[:20] + b"x" + SECOND[20:]),
        "line 2: expected a mapping's header, ",
    ),
    "no field": (re.sub(rb"(?m)^Rss:.*\n", b"", TEXT, count=1), "line 1: the record has no Rss, and others have: "),
    "two in one": (b"Rss:           " + OLD_TEXT, "line 1: expected a mapping's header, found "),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_text_is_refused_with_its_line(case: str) -> None:
    text, expected = DAMAGES[case]
    assert told(text).startswith(expected)


def test_a_text_that_begins_inside_a_mapping_says_so() -> None:
    saved = read_saved_text(TEXT[TEXT.index(b"Rss") :])
    assert saved.notes == ("line 1: the text begins inside a mapping, which was left out",)
    assert len(parse_reading(saved.readings[0])) == len(HEADERS) - 1


def test_a_large_plain_text_and_the_same_in_quotes_are_the_same(tmp_path: Path) -> None:
    record = TEXT[TEXT.index(b"\n") + 1 : TEXT.index(HEADERS[1])]
    text = b"".join(b"%x000-%x000 rw-p 00000000 00:00 0 \n%s" % (at, at + 1, record) for at in range(1, 99))
    assert mapping_dicts(read(text)) == mapping_dicts(read(DRESSES["quotes"](text)))
    assert told(text + text).startswith(f"line {text.count(bytes([10])) + 1}: {BORDER}2")
