"""Expressions as they are in the files of real systems."""

from collections.abc import Mapping

import pytest

from smapstop.proc.callstack.expressions import evaluate

RSP, RIP = 7, 16
PLT = bytes.fromhex("770880003f1a3b2a332422")
"""DW_OP_breg7 (rsp): 8; breg16 (rip): 0; lit15; and; lit11; ge; lit3; shl; plus: what linkers write for .plt."""


def registers(values: Mapping[int, int]) -> list[int]:
    return [values.get(number, 0) for number in range(17)]


def load(address: int) -> int:
    if address % 8 or address > 1024:
        raise ValueError
    return address + 1


@pytest.mark.parametrize(("rip", "cfa"), [(0x1020, 1008), (0x102A, 1008), (0x102B, 1016), (0x102F, 1016)])
def test_a_plt_stub_has_pushed_a_word_from_its_11th_byte_on(rip: int, cfa: int) -> None:
    assert evaluate(PLT, registers({RSP: 1000, RIP: rip}), load) == cfa


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (b"\x77\xa0\x01\x06", 161),  # breg7+160; deref: the CFA of a signal frame
        (b"\x76\x78\x06", None),  # breg6-8; deref: below all that is known
        (b"\x08\xff\x09\xff\x22", 254),  # const1u 255; const1s -1; plus
        (b"\x11\x7f\x31\x26", 2**64 - 1),  # consts -1; lit1; shra
        (b"\x10\x7f\x31\x25", 63),  # constu 127; lit1; shr
        (b"\x32\x33\x16\x1c", 1),  # lit2; lit3; swap; minus
        (b"\x33\x12\x1e\x23\x05\x96", 14),  # lit3; dup; mul; plus_uconst 5; nop
        (b"\x33\x34\x13", 3),  # lit3; lit4; drop
        (b"\x92\x07\x08", 8),  # bregx 7, 8
        (b"\x31\x32\x2d", 1),  # lit1; lit2; lt
        (b"\x31\x11\x7f\x2d", 0),  # lit1; consts -1; lt
        (b"", None),
        (b"\x22", None),
        (b"\x2f\x00\x00", None),  # skip: no branches
        (b"\x92\x7f\x00", None),
        (b"\x30" * 100, None),
        (b"\x30\x96" * 200, None),
        (b"\x0e\x00", None),
    ],
)
def test_an_expression_has_a_value_or_is_malformed(expression: bytes, value: int | None) -> None:
    if value is not None:
        assert evaluate(expression, registers({}), load) == value
    else:
        with pytest.raises(ValueError):
            evaluate(expression, registers({}), load)


def test_the_rule_of_a_register_begins_with_the_cfa() -> None:
    assert evaluate(b"\x23\x08", registers({}), load, 1000) == 1008
