"""System V segments as /proc/sysvipc/shm lists them."""

from smapstop.proc.shared_memory.sysv import SysvSegment, find_sysv_segment, parse_sysv_segments

TITLES = (
    b"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      "
    b"dtime      ctime                   rss                  swap\n"
)
SEGMENT = (
    b"      1234         15  1600               1048576  6125  6126      2     0     0     0     0 1795986377    "
    b"      0 1795986377                 12288                  4096\n"
)


def test_a_segment_holds_its_memory_and_its_swap() -> None:
    segments = parse_sysv_segments(TITLES + SEGMENT)

    assert segments == {15: SysvSegment(key=1234, attached=2, allocated_kb=16)}
    assert segments[15].name == "/SYSV000004d2", "as smaps has it"


def test_a_negative_key_is_printed_unsigned() -> None:
    (segment,) = parse_sysv_segments(TITLES + SEGMENT.replace(b"  1234", b"    -2")).values()

    assert segment.name == "/SYSVfffffffe"


def test_other_texts_have_no_segments() -> None:
    assert parse_sysv_segments(b"") == {}
    assert parse_sysv_segments(TITLES + b"1 2 3\n") == {}
    assert parse_sysv_segments(TITLES[:100] + b"\n" + SEGMENT) == {}, "before Linux 2.6.34"


def test_a_segment_is_found_by_its_id_and_its_key() -> None:
    segments = parse_sysv_segments(TITLES + SEGMENT)

    assert find_sysv_segment(segments, 15, "/SYSV000004d2 (deleted)") is segments[15]
    assert find_sysv_segment(segments, 15, "/SYSV000004d3") is None
    assert find_sysv_segment(segments, 16, "/SYSV000004d2") is None
