"""`snapshot --from` of what any kernel prints, in every format; and of what none prints."""

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from kernels import FLAG_WIDTH, KERNELS, NAMES, Kernel, Record, records_and_kernels, render
from places import DATA

from smapstop.cli.main import main
from smapstop.model.grouping import GROUPINGS
from smapstop.proc.columns import ABSENT
from smapstop.proc.fields import FIELDS
from smapstop.report.snapshot.load import parse_saved_smaps
from smapstop.report.snapshot.parse_json import parse_snapshot_json
from smapstop.report.snapshot.render import as_csv, as_json, as_table
from smapstop.text.format import cell_width

SAVED = sorted(path for path in (DATA / "smaps").glob("*.txt") if "rollup" not in path.name)


def process(kernel: Kernel) -> list[Record]:
    """Mappings with every name and with amounts that tell which they are."""
    return [
        Record(
            row << 16,
            (row << 16) + 4096,
            "rw-p",
            row << 12,
            "fe:01",
            row,
            name,
            ("rd", "??") if kernel.has_flags else (),
            tuple(row % 2 if line.width == FLAG_WIDTH else 100 * row + at for at, line in enumerate(kernel.lines)),
        )
        for row, name in enumerate([b"", *NAMES], 1)
    ]


def expected(record: Record, kernel: Kernel, *, has_flags: bool = True) -> dict[str, Any]:
    """A mapping as JSON has it, without its kind and the fields that are not printed."""
    name = record.name.decode("utf-8", "surrogateescape")
    return (
        {
            "start": hex(record.start),
            "end": hex(record.end),
            "perms": record.perms,
            "offset": record.offset,
            "device": record.device,
            "inode": record.inode,
            "name": name.removesuffix(" (deleted)"),
            "deleted": name.endswith(" (deleted)"),
            "vm_flags": list(record.flags) if kernel.has_flags and has_flags else None,
        }
        | {"size": (record.end - record.start) // 1024}
        | {
            field: amount
            for field, amount in zip(kernel.fields, record.amounts, strict=True)
            if amount != ABSENT
            and field not in ("start", "end", "perms", "offset", "device", "inode", "name", "kind")
        }
    )


def without_unknown(record: dict[str, Any]) -> dict[str, Any]:
    """A mapping of JSON without its kind and what is null."""
    return {key: value for key, value in record.items() if (value is not None or key == "vm_flags") and key != "kind"}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
def test_every_kernel_s_text_becomes_json(kernel: Kernel, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    records, saved = process(kernel), tmp_path / "saved"
    saved.write_bytes(render(records, kernel))

    assert main(["snapshot", "--from", str(saved), "--format", "json"]) == 0
    mappings = json.loads(capsys.readouterr().out)["mappings"]

    assert [without_unknown(mapping) for mapping in mappings] == [expected(record, kernel) for record in records]


@pytest.mark.parametrize("how", ["mappings", "--group-by=kind", "--group-by=name", "--group-by=file", "--rollup"])
@pytest.mark.parametrize("saved", SAVED, ids=lambda path: path.stem)
def test_every_kernel_s_text_has_every_format(
    saved: Path, how: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    options = [] if how == "mappings" else [how]
    printed = dict[str, str]()
    for form in ("table", "json", "csv"):
        assert main(["snapshot", "--from", str(saved), "--format", form, *options]) == 0
        out, told = capsysbinary.readouterr()
        printed[form] = out.decode("utf-8", "surrogateescape")
        assert told == b""
    document = json.loads(printed["json"])
    rows = document.get("mappings") or document.get("groups") or [document["rollup"]]

    assert len(list(csv.DictReader(io.StringIO(printed["csv"], newline="")))) == len(rows)
    if how != "--rollup":
        note = "hugetlb memory" in printed["table"]
        assert printed["table"].count("\n") == 1 + len(rows) + 1 + note  # the titles, the totals, what Rss lacks


def test_what_a_kernel_does_not_print_has_no_total() -> None:
    table = as_table(parse_saved_smaps(render(process(KERNELS["wsl1"]), KERNELS["wsl1"])), width=120)

    titles, *_, totals = (line.split() for line in table.splitlines())
    assert titles[3:] == ["Size", "Rss", "Pss", "PClean", "PDirty", "Anon", "Swap"]
    assert [cell for cell in totals if cell in "–0"] == ["–"] * 5


def test_a_field_that_is_called_like_a_part_of_the_header_does_not_hide_it() -> None:
    text = b"1000-2000 rw-p 00000000 00:00 7 /x\nInode: 4 kB\nKind: 5 kB\nRss: 4 kB\n"

    (mapping,) = json.loads(as_json(parse_saved_smaps(text)))["mappings"]

    assert (mapping["inode"], mapping["kind"], mapping["rss"]) == (7, "file", 4)


def with_units(kernel: Kernel) -> Kernel:
    """The kernel, with kB after what is kB: no kernel omits it, so a saved text without it is cut."""
    amounts = {field.label for field in FIELDS if field.unit}
    return replace(
        kernel,
        lines=tuple(line._replace(unit=" kB") if line.label in amounts else line for line in kernel.lines),
    )


def as_of_one_process(records: list[Record]) -> list[Record]:
    """The records, without names that are taken for something else: a second heap begins another process, and what
    `grep --color` puts into a text is removed from it.
    """
    names = [record.name for record in records]
    return [
        replace(record, name=b"")
        if b"\x1b[m" in record.name
        or (record.name in (b"[heap]", b"[stack]", b"[vdso]") and record.name in names[:row])
        else record
        for row, record in enumerate(records)
    ]


@examples(40)
@given(records_and_kernels())
def test_json_says_what_the_text_says_and_is_read_again(made: tuple[list[Record], Kernel]) -> None:
    records, kernel = as_of_one_process(made[0]), with_units(made[1])
    apart = [replace(record, start=row * 4, end=row * 4 + 3) for row, record in enumerate(records)]
    snapshot = parse_saved_smaps(render(apart, kernel))
    text = as_json(snapshot)

    found = [without_unknown(mapping) for mapping in json.loads(text)["mappings"]]
    has_flags = any(record.flags for record in apart)
    assert found == [expected(record, kernel, has_flags=has_flags) for record in apart]
    again = parse_snapshot_json(text.encode()).mappings
    assert again is not None
    assert again.start.tolist() == [record.start for record in apart]
    assert [again.name_of(row) for row in range(len(again))] == [
        record.name.decode("utf-8", "surrogateescape") for record in apart
    ]
    for grouping in GROUPINGS:
        assert as_csv(snapshot, None, grouping)
        assert all(cell_width(line) <= 100 for line in as_table(snapshot, None, grouping, width=100).splitlines())


def test_a_malformed_file_is_one_line_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "saved"
    saved.write_bytes(b"1000-2000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: \x1b[31m\xff\n")

    assert main(["snapshot", "--from", str(saved)]) == 2
    out, told = capsys.readouterr()

    assert out == ""
    assert re.fullmatch(r"smapstop: line 3: expected a number after Rss, found [^\x1b\n]+\n", told)
