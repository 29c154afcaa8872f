"""Small changes that keep the length of a text: values carried over from the last reading are still correct."""

import random
import re
from dataclasses import replace

import pytest
from kernels import FLAG_WIDTH, KERNELS, NAMES, Kernel, Record
from reread import CheckedParser

PROCESSES, READINGS = 4, 40
AMOUNT = re.compile(rb"(\w+:)([ \t]*[0-9]+)(.*)")
ODD_LINES = (b"Backing: ext4 large", b"VmFlags: rd gd ")
WILD = (b"\n", b" ", b"0", b"7", b"x", b":", b"-", b"\t", b"\0", b"\xff", b"\nRss: 4", b"Size:", b"kB", b"9" * 19)

Dice = random.Random


def process(kernel: Kernel, dice: Dice) -> list[bytes]:
    """Lines of a hundred mappings, of which one in twelve, but not the first, has another layout."""
    lines = list[bytes]()
    for number in range(100):
        amounts = tuple(
            dice.choice([0, 1] if line.width == FLAG_WIDTH else [0, 4, 132, 99_999_999]) for line in kernel.lines
        )
        start, name = number << 16, dice.choice([b"", b"[heap]", *NAMES])
        record = kernel.record_lines(Record(start, start + 4096, "rw-p", 0, "00:00", 0, name, ("rd", "wr"), amounts))
        if number and dice.random() < 1 / 12:
            make_odd(record, dice)
        lines += record
    return lines


def make_odd(record: list[bytes], dice: Dice) -> None:
    """Give a record an extra line, or a wide amount, so that it has to be parsed separately."""
    if dice.random() < 0.7:
        new = dice.choice(ODD_LINES) if dice.random() < 0.5 else dice.choice(record[1:])
        record.insert(dice.choice([len(record) - 1, len(record)]), new)
    else:
        place = dice.randrange(1, len(record))
        record[place] = re.sub(rb" *[0-9]+ kB", b"%20d kB" % 10**9, record[place])


def edited(line: bytes, dice: Dice) -> bytes:
    """A line of the same length with another value."""
    if amount := AMOUNT.fullmatch(line):
        label, number, unit = amount.groups()
        new = dice.choice([b"0", b"1", b"8", b"%d" % dice.randrange(10**8)])
        return label + new[-len(number) :].rjust(len(number)) + unit
    if line.startswith((b"VmFlags: ", b"Name:")):
        middle = line.find(b" ", 9) + 1
        return line[:9] + line[middle:] + line[9:middle]
    head, name = line[:40], line[40:]
    if name and dice.random() < 0.3:
        return head + bytes(dice.sample(name, len(name)))
    old, new = dice.choice(
        [(b"0 rw-p", b"0 r--p"), (b"000", b"001"), (b"00:", b"01:"), (b"000", b"0a0"), (b"0 ", b"7 ")]
    )
    return head.replace(old, new, 1) + name


def wildly_edited(line: bytes, dice: Dice) -> bytes:
    """A line of the same length that has other bytes somewhere."""
    place, new = dice.randrange(len(line) + 1), dice.choice(WILD)
    return (line[:place] + new + line[place + len(new) :])[: len(line)]


def change(lines: list[bytes], odd: list[int], dice: Dice) -> None:
    """Change one line, or overwrite its newline; the length of the text stays."""
    place = min(dice.choice(odd), len(lines) - 1) if odd and dice.random() < 0.1 else dice.randrange(len(lines))
    if dice.random() > 0.2:
        lines[place] = edited(lines[place], dice)
    elif dice.random() > 0.3 or place + 1 == len(lines):
        lines[place] = wildly_edited(lines[place], dice)
    else:
        lines[place : place + 2] = [lines[place] + dice.choice([b" ", b"0", b"x"]) + lines[place + 1]]


@pytest.mark.parametrize("name", ["linux 2.6.32", "linux 5.4", "linux 6.18", "android 4.9", "gvisor", "wsl1"])
def test_small_changes_are_read_and_what_did_not_change_is_kept(name: str) -> None:
    dice, kernel, reader = Dice(name), KERNELS[name], CheckedParser()
    for _ in range(PROCESSES):
        lines = process(kernel, dice)
        odd = [place for place, line in enumerate(lines) if re.match(rb"Backing|.* [0-9]{10}|VmFlags: rd gd", line)]
        for _ in range(READINGS):
            before = list(lines)
            for _ in range(dice.choice([0, 1, 1, 2, 5])):
                change(lines, odd, dice)
            if not reader.read(b"\n".join(lines) + b"\n") or dice.random() < 0.4:
                lines = before


@pytest.mark.parametrize("name", [b"[", b"[h", b"[he", b"[hea", b"[heap", b"[heap]", b"[heap1]", b"[heap12]"])
def test_a_second_amount_that_becomes_flags_counts_no_longer(name: bytes) -> None:
    kernel, reader = KERNELS["linux 2.6.32"], CheckedParser()
    mapping = Record(0, 4096, "rw-p", 0, "00:00", 0, b"", (), tuple(4 for _ in kernel.lines))
    record = kernel.record_lines(mapping)
    first = kernel.record_lines(replace(mapping, name=name))  # shifts what follows to any offset within a word
    for second in (b"Rss:                   8 kB", b"VmFlags: rd wr mr mw me ac "):
        reader.read(b"\n".join([*first, *record * 20, second, *record * 20]))
