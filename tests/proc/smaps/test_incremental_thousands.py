"""Thousands of mappings, of which a few change between two readings of one parser."""

import random
from dataclasses import replace

import pytest
from kernels import FLAG_WIDTH, KERNELS, NAMES, Kernel, Record
from reread import CheckedParser

from smapstop.proc.columns import ABSENT


def mapping(kernel: Kernel, dice: random.Random, start: int) -> Record:
    """A mapping as a busy process has them: most names and amounts small and often the same."""
    most, few = dice.choice([0, 4, 8, 1024]), dice.choice([0, 4, 99_999_999, 100_000_000, ABSENT])
    return Record(
        start,
        start + 0x1000 * dice.choice([1, 1, 2, 33]),
        dice.choice(["rw-p", "r--p", "rw-s"]),
        0,
        "00:00",
        0,
        dice.choice([b"", b"", b"", b"[heap]", *NAMES]),
        dice.choice([("rd", "wr"), ("rd", "mr")]) if kernel.has_flags else (),
        tuple(0 if line.width == FLAG_WIDTH else few if dice.random() < 0.001 else most for line in kernel.lines),
    )


def touched(record: Record, dice: random.Random) -> Record:
    """The mapping after its amounts have changed, into numbers of as many digits or more."""
    return replace(record, amounts=tuple(max(0, amount + dice.choice([0, 0, 4])) for amount in record.amounts))


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *(("linux 6.18", count) for count in (1, 1023, 1025, 2100)),
        *((name, count) for name in ("linux 5.4", "android 4.9", "maps") for count in (1, 1025)),
    ],
)
def test_thousands_of_mappings_change_a_little_between_readings(name: str, count: int) -> None:
    dice = random.Random(count)
    kernel, reader = KERNELS[name], CheckedParser()
    held = [mapping(kernel, dice, number << 16) for number in range(count)]
    for few, come, go in [(0, 0, 0), (3, 0, 0), (1, 1, 0), (300, 20, 20), (5, 0, 1), (0, 0, count // 2)]:
        for place in dice.choices(range(len(held)), k=few):
            held[place] = touched(held[place], dice)
        for place in dice.choices(range(len(held)), k=come):
            held.insert(place, mapping(kernel, dice, place << 16))
        for place in sorted(dice.sample(range(len(held)), k=min(go, len(held) - 1)), reverse=True):
            del held[place]
        reader.read(b"".join(line + b"\n" for record in held for line in kernel.record_lines(record)))
