"""The heap of a JVM, by the tables of its library: one that has nothing else, and a real one."""

import ctypes
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from stepped_program import stepped_python, wait_until

from smapstop.proc.added_fields import JVM_HEAP
from smapstop.proc.columns import Mappings
from smapstop.proc.process import ProcDir
from smapstop.proc.smaps.parser import parse_smaps
from smapstop.sampling.added_columns.program_facts import ProgramFacts

LIBRARY = """
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#define PAGE 4096ul

typedef struct { const char *of_class, *field, *type; int32_t is_static; uint64_t offset; void *address; } Entry;
struct region { char *start; size_t words; };
struct heap { char before[24]; struct region reserved; };
static struct heap heap;
static struct heap *collected;

static Entry entries[] = {
	{"Klass", "_start", "int", 0, 7, 0},
	{"MemRegion", "_end", "HeapWord*", 0, 9, 0},
	{"MemRegion", "_start", "HeapWord*", 0, offsetof(struct region, start), 0},
	{"Universe", "_collectedHeap", "CollectedHeap*", 1, 0, &collected},
	{"CollectedHeap", "_reserved", "MemRegion", 0, offsetof(struct heap, reserved), 0},
	{"MemRegion", "_word_size", "size_t", 0, offsetof(struct region, words), 0},
	{0}};
Entry *gHotSpotVMStructs = entries;

/* Eight pages of which the first two are in use, and a page behind them that is of something else. */
char *make_heap(void)
{
	char *p = mmap(0, 10 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	mprotect(p + PAGE, 2 * PAGE, PROT_READ | PROT_WRITE);
	mprotect(p + 9 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	p[PAGE] = p[9 * PAGE] = 1;
	heap.reserved = (struct region){p + PAGE, 8 * PAGE / 8};
	collected = &heap;
	return p;
}
"""
STEPS = """
import ctypes
step()
library = ctypes.CDLL({!r})
step()
library.make_heap.restype = ctypes.c_void_p
at = library.make_heap()
os.write(1, f"heap {{at:x}}\\n".encode()); os.read(0, 1)
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("jvm") / "libjvm.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=LIBRARY.encode(), check=True)
    return path


def read(process: ProcDir, facts: ProgramFacts) -> Mappings:
    return facts.add_to(parse_smaps(process.read_smaps()))


def heap_of(mappings: Mappings) -> list[tuple[int, int, str]]:
    """Mappings that are marked as the heap."""
    column = mappings.get(JVM_HEAP)
    rows = [] if column is None else (column == 1).nonzero()[0].tolist()
    return [(int(mappings.start[row]), int(mappings.end[row]), mappings.perms_of(row)) for row in rows]


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="tables of 64 bits")
def test_the_heap_is_the_range_that_the_jvm_has_reserved(library: Path) -> None:
    with stepped_python(STEPS.format(str(library))) as target, ProcDir(target.pid) as process:
        facts = ProgramFacts(process)
        assert heap_of(read(process, facts)) == [], "no JVM"
        target.go()
        assert heap_of(read(process, facts)) == [], "it has no heap yet"
        start = target.go().address + 4096
        assert heap_of(read(process, facts)) == [
            (start, start + 8192, "rw-p"),
            (start + 8192, start + 8 * 4096, "---p"),
        ]


def test_tables_that_lead_nowhere_are_no_heap(library: Path, tmp_path: Path) -> None:
    text = library.read_bytes()
    for name in (b"Universe\0", b"_reserved\0", b"gHotSpotVMStructs\0"):
        broken = tmp_path / name.rstrip(b"\0").decode() / "libjvm.so"
        broken.parent.mkdir()
        broken.write_bytes(text.replace(name, b"X" + name[1:]))
        with stepped_python(STEPS.format(str(broken)).replace("{at:x}", "0")) as target:
            target.go()
            with ProcDir(target.pid) as process:
                assert heap_of(read(process, ProgramFacts(process))) == []


def test_a_damaged_library_is_no_heap_and_no_error(library: Path, tmp_path: Path) -> None:
    """The file is another one than what is mapped: its headers and names may be anything."""
    path, source = tmp_path / "libjvm.so", random.Random(3)
    shutil.copy(library, path)
    with stepped_python(STEPS.format(str(path))) as target, ProcDir(target.pid) as process:
        target.go()
        target.go()
        assert heap_of(read(process, ProgramFacts(process)))
        whole, mapped = path.read_bytes(), parse_smaps(process.read_smaps())
        far = [(64 + 56 * header + 8 + at, 0xFF) for header in range(10) for at in range(8)]  # p_offset
        places = range(64 + 56 * 10)
        for damage in (far, *([(at, source.randrange(256)) for at in source.sample(places, 6)] for _ in range(60))):
            with path.open("r+b") as file:  # the same file, which the process maps privately
                for at, byte in damage:
                    file.seek(at)
                    file.write(bytes([byte]))
            heap_of(ProgramFacts(process).add_to(mapped))
            with path.open("r+b") as file:
                file.write(whole)
        assert heap_of(ProgramFacts(process).add_to(mapped))


@pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed")
def test_a_real_jvm_agrees_with_what_it_logs() -> None:
    command = ["java", "-Xlog:gc+heap+coops=debug", "-Xmx64m", "-m", "java.rmi/sun.rmi.registry.RegistryImpl", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as started:
        try:
            assert started.stdout is not None
            lines = (re.search(r"Heap address: (0x[0-9a-f]+), size: (\d+) MB", line) for line in started.stdout)
            logged = next(filter(None, lines))  # there may be warnings before it
            start, end = int(logged[1], 16), int(logged[1], 16) + (int(logged[2]) << 20)
            with ProcDir(started.pid) as process:
                wait_until(lambda: heap_of(read(process, ProgramFacts(process))))
                found = heap_of(read(process, ProgramFacts(process)))
                mapped = parse_smaps(process.read_smaps())
        finally:
            started.kill()
    assert all(start <= first < last <= end for first, last, _ in found)
    assert found[0][0] == start
    inside = (mapped.start >= start) & (mapped.end <= end) & (mapped.name == 0)
    assert abs(len(found) - int(inside.sum())) <= 2, "all of it, but what it mapped meanwhile"
