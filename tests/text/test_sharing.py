"""Words for a mapping that several processes have."""

from model.family.readings import SECOND_NS

from smapstop.model.callers.call_stacks import BEYOND
from smapstop.model.family.sharing import FirstCopy, Part, SharedMapping
from smapstop.model.kinds import Kind
from smapstop.proc.callstack.frames import Frame
from smapstop.text.sharing import sharing_text
from smapstop.text.units import UnitFormat


def test_shares_of_a_mapping_and_who_copied_first() -> None:
    copy = FirstCopy(20, 1_700_000_000 * SECOND_NS, 3, False, ("page1",), of_file=True)
    write = Frame("write_page", "/usr/lib/libx.so", 0)
    parts = {10: Part(1, 80, 20), 20: Part(2, 80, 60), 30: Part(3, 0, 0)}
    shared = SharedMapping(0x7F0000001000, "/usr/lib/libx.so", "rw-p", 80, parts, copy, ((write, 9), (BEYOND, 1)))
    text = sharing_text(shared, (10, 20, 30, 40))
    assert (text.name, text.kind, text.size) == ("libx.so rw-p", Kind.FILE, "80 K")
    assert text.shares == ("25 %", "75 %", "·", "")
    assert text.first.startswith("20 ")
    assert text.first.endswith(" 3 p? of the file page1 · all: write_page 90 %")
    still = SharedMapping(0x1000, "", "rw-p", 80, {10: Part(1, 80, 0), 20: Part(2, 80, 0)}, None)
    assert (sharing_text(still, (10, 20)).name, sharing_text(still, (10, 20)).first) == (
        "anon 1000",
        "still shared",
    )
    labelled = SharedMapping(0x1000, "", "rw-p", 80, {10: Part(1, 80, 0)}, None, label="jemalloc?")
    assert sharing_text(labelled, (10,)).name == "jemalloc? 1000"
    buffers = SharedMapping(0x1000, "/dev/zero (deleted)", "rw-s", 80, {10: Part(1, 80, 0)}, None)
    assert sharing_text(buffers, (10,)).name == "shared anonymous rw-s"


def test_the_size_of_a_shared_mapping_is_in_the_unit_but_no_share() -> None:
    shared = SharedMapping(0x1000, "/a.so", "r-xp", 64, {}, None)
    sizes = [sharing_text(shared, (), unit).size for unit in (UnitFormat("pages"), UnitFormat("share", 4, 100.0))]
    assert sizes == ["16", "64 K"]
