"""Successive readings: the incremental parser gives the result of `parse_smaps`, whatever changed between them."""

import re

from examples import examples
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from kernels import NAMES, Kernel, kernels, records
from reread import CheckedParser

AMOUNT = re.compile(rb"([A-Za-z]\w*:)([ \t]*)([0-9]+)( kB)?")


def amounts_in(lines: list[bytes]) -> list[int]:
    """Positions of the amounts."""
    return [place for place, line in enumerate(lines) if AMOUNT.fullmatch(line)]


any_record, any_line = st.integers(0, 10**6), st.integers(0, 10**6)
bad_amounts = st.sampled_from([b"  x", b"1 2", b"\xff", b" - ", b"", b"0x1", b"9" * 19])
header_parts = st.sampled_from([b"r--p", b"rwxs", b"0", b"fe:01", b"00:00"])
new_lines = st.sampled_from(
    [
        b"Rss:                   4 kB",
        b"ProtectionKey:         1",
        b"Odd:\t7",
        b"Backing: none",
        b"Name:           [anon:x]",
        b"VmFlags: gd ",
        b"0-1 ---p 0 00:00 0 ",
    ]
)


class Process(RuleBasedStateMachine):
    """A process whose map changes between two readings of it, in the ways maps change and in others."""

    kernel: Kernel
    records: list[list[bytes]]

    def __init__(self) -> None:
        super().__init__()
        self.reader = CheckedParser()
        self.records = []
        self.text: bytes | None = None
        """Text used instead of the records for one reading."""

    @initialize(kernel=kernels, data=st.data(), count=st.integers(0, 40))
    def begin(self, kernel: Kernel, data: st.DataObject, count: int) -> None:
        self.kernel = kernel
        kinds = [kernel.record_lines(data.draw(records(kernel))) for _ in range(3)]
        for number in range(count):
            lines = list(kinds[number % len(kinds)])
            lines[0] = b"%x-%x %s" % (number << 20, (number + 1) << 20, lines[0].partition(b" ")[2])
            self.records.append(lines)

    @invariant()
    def both_ways_agree(self) -> None:
        self.reader.read(self.whole() if self.text is None else self.text)
        self.text = None

    def of(self, number: int) -> list[bytes]:
        """Lines of the record with a number, modulo their count; of a temporary record if there are none."""
        return self.records[number % len(self.records)] if self.records else [b"0-1 ---p 0 00:00 0 "]

    def whole(self) -> bytes:
        """The text of all records."""
        return b"".join(line + b"\n" for lines in self.records for line in lines)

    # amounts

    @rule(record=any_record, line=any_line, amount=st.integers(0, 10**9))
    def an_amount_changes(self, record: int, line: int, amount: int) -> None:
        self._set_amount(self.of(record), line, amount, fit=True)

    @rule(record=any_record, line=any_line, amount=st.integers(0, 10**18))
    def an_amount_makes_its_line_longer(self, record: int, line: int, amount: int) -> None:
        self._set_amount(self.of(record), line, amount, fit=False)

    @rule(line=any_line, step=st.integers(1, 7), amount=st.integers(0, 9999))
    def many_amounts_change(self, line: int, step: int, amount: int) -> None:
        for number, lines in enumerate(self.records[::step]):
            self._set_amount(lines, line, amount + number, fit=True)

    def _set_amount(self, lines: list[bytes], line: int, amount: int, *, fit: bool) -> None:
        """Print another amount: into as many bytes as the old one has with its spaces, or as it comes."""
        if not (numbered := amounts_in(lines)):
            return
        place = numbered[line % len(numbered)]
        match = AMOUNT.fullmatch(lines[place])
        assert match is not None
        label, blank, digits, unit = match.groups(b"")
        tabs, new = blank[: blank.rfind(b"\t") + 1], b"%d" % amount
        room = len(blank) - len(tabs) + len(digits)
        if fit:
            new = new[-room:].rjust(room)
        lines[place] = label + tabs + new + unit

    @rule(
        record=any_record,
        line=any_line,
        bad=bad_amounts,
    )
    def an_amount_is_none(self, record: int, line: int, bad: bytes) -> None:
        lines = list(self.of(record))
        if numbered := amounts_in(lines):
            place = numbered[line % len(numbered)]
            label, _, value = lines[place].partition(b":")
            lines[place] = label + b":" + bad.rjust(len(value.removesuffix(b" kB"))) + b" kB"
            self._once(record, lines)

    # headers and flags

    @rule(record=any_record, by=st.sampled_from([0x1000, 0x10000, 0x200000, 1 << 40]), both=st.booleans())
    def it_moves_or_grows(self, record: int, by: int, both: bool) -> None:
        lines = self.of(record)
        start, end = (int(address, 16) for address in lines[0].partition(b" ")[0].split(b"-"))
        start, end = (start + by) % 2**64 if both else start, (end + by) % 2**64
        lines[0] = b"%08x-%08x %s" % (start, end, lines[0].partition(b" ")[2])

    @rule(
        record=any_record,
        part=st.sampled_from([1, 2, 3, 4]),
        text=st.sampled_from([b"r--p", b"rwxs", b"0", b"fe:01", b"00:00"]),
    )
    def a_part_of_its_header_changes(self, record: int, part: int, text: bytes) -> None:
        lines = self.of(record)
        parts = lines[0].split(b" ", 5)
        if part < len(parts):
            parts[part] = text  # often invalid in a header: the same error from both parsers
            self._once(record, [b" ".join(parts), *lines[1:]])
            if {1: len(text) == 4, 2: text == b"0", 3: b":" in text, 4: text == b"0"}[part]:
                lines[0] = b" ".join(parts)

    @rule(record=any_record, name=st.sampled_from([b"", *NAMES]), at_the_end=st.booleans())
    def it_gets_a_name(self, record: int, name: bytes, at_the_end: bool) -> None:
        lines = self.of(record)
        head = lines[0] if at_the_end else b" ".join(lines[0].split(b" ", 5)[:5]) + b" "
        lines[0] = head + name

    @rule(record=any_record, flags=st.sampled_from([b"rd wr ", b"rd ex ", b"", b"wr rd ", b"rd wr mr mw me ac sd "]))
    def its_flags_change(self, record: int, flags: bytes) -> None:
        lines = self.of(record)
        lines[:] = [b"VmFlags: " + flags if line.startswith(b"VmFlags:") else line for line in lines]

    # mappings come and go

    @rule(data=st.data(), where=any_record)
    def a_mapping_comes(self, data: st.DataObject, where: int) -> None:
        self.records.insert(
            where % (len(self.records) + 1), self.kernel.record_lines(data.draw(records(self.kernel)))
        )

    @rule(record=any_record, count=st.integers(1, 20), where=any_record)
    def like_mappings_come(self, record: int, count: int, where: int) -> None:
        if len(self.records) < 80:
            place = where % (len(self.records) + 1)
            self.records[place:place] = [list(self.of(record)) for _ in range(count)]

    @rule(record=any_record, count=st.integers(1, 20))
    def mappings_go(self, record: int, count: int) -> None:
        place = record % (len(self.records) + 1)
        del self.records[place : place + count]

    @rule(record=any_record, middle=st.integers(1, 0xFFF))
    def it_splits(self, record: int, middle: int) -> None:
        if self.records:
            place = record % len(self.records)
            addresses, _, rest = self.records[place][0].partition(b" ")
            start, end = addresses.split(b"-")
            fields = self.records[place][1:]
            split = b"%x" % (int(start, 16) + (middle << 12))
            self.records[place : place + 1] = [
                [start + b"-" + split + b" " + rest, *fields],
                [split + b"-" + end + b" " + rest, *fields],
            ]

    @rule(one=any_record, other=any_record)
    def two_change_places(self, one: int, other: int) -> None:
        if self.records:
            one, other = one % len(self.records), other % len(self.records)
            self.records[one], self.records[other] = self.records[other], self.records[one]

    # lines come and go

    @rule(record=any_record, line=any_line)
    def a_line_goes(self, record: int, line: int) -> None:
        lines = self.of(record)
        if len(lines) > 1:
            del lines[1 + line % (len(lines) - 1)]

    @rule(record=any_record, one=any_line, other=any_line)
    def two_lines_change_places(self, record: int, one: int, other: int) -> None:
        lines = self.of(record)
        if len(lines) > 2:
            one, other = 1 + one % (len(lines) - 1), 1 + other % (len(lines) - 1)
            lines[one], lines[other] = lines[other], lines[one]

    @rule(record=any_record, line=any_line, new=new_lines, everywhere=st.booleans())
    def a_line_comes(self, record: int, line: int, new: bytes, everywhere: bool) -> None:
        for lines in self.records if everywhere else [self.of(record)]:
            if len(lines) < 40:
                lines.insert(1 + line % len(lines), new)

    @rule(record=any_record, line=any_line, label=st.sampled_from([b"Rss", b"Pss", b"Odd", b"Size"]))
    def a_label_changes(self, record: int, line: int, label: bytes) -> None:
        lines = self.of(record)
        if numbered := amounts_in(lines):
            place = numbered[line % len(numbered)]
            old, _, value = lines[place].partition(b":")
            lines[place] = label + b":" + value.rjust(len(value) + len(old) - len(label))

    # for one reading

    def _once(self, record: int, lines: list[bytes]) -> None:
        """Parse the text with other lines for one record, then the old text again."""
        if self.records:
            place = record % len(self.records)
            kept, self.records[place] = self.records[place], lines
            self.text = self.whole()
            self.records[place] = kept

    @rule()
    def nothing_changes(self) -> None:
        self.text = self.whole()

    @rule(bytes_=st.sampled_from([1, 2, 7, 8, 9, 100, 10**6]))
    def the_end_is_cut_off(self, bytes_: int) -> None:
        self.text = self.whole()[:-bytes_]

    @rule(part=st.floats(0, 1, exclude_max=True))
    def the_start_is_lost(self, part: float) -> None:
        text = self.whole()
        self.text = text[int(part * len(text)) :]

    @rule(
        part=st.floats(0, 1, exclude_max=True),
        new=st.sampled_from([b"\n", b" ", b"0", b"9", b"x", b":", b"\0", b"\t", b"\n\n", b" kB\nRss: 4"]),
    )
    def bytes_are_overwritten(self, part: float, new: bytes) -> None:
        text = self.whole()
        place = int(part * len(text))
        self.text = text[:place] + new + text[place + len(new) :]


TestEveryReadingIsAsReadLineByLine = Process.TestCase
TestEveryReadingIsAsReadLineByLine.settings = settings(examples(30), stateful_step_count=30)
