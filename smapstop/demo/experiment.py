"""Copy-on-write experiment without a compiler: write to one page of a private file mapping."""

import mmap
import sys


def main(path: str) -> None:
    """Map the file privately, read all of it, and write to its first page whenever a line is typed."""
    with open(path, "r+b") as file:
        pages = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    sum(pages[:: mmap.PAGESIZE])  # read them first: they are now resident, and still the file's own pages
    print(f"Type a letter and Enter: I will write it into page 1, {mmap.PAGESIZE} bytes. (q ends)", flush=True)
    written = False
    for line in sys.stdin:
        if line.startswith("q"):
            break
        pages[: mmap.PAGESIZE] = line[0].encode("latin-1", "replace") * mmap.PAGESIZE
        if not written:
            print(f"Written: {mmap.PAGESIZE} bytes. The kernel copied the file's page, and the copy is mine:")
            print("Anonymous grew, Rss did not. Write again: what moves?", flush=True)
        else:
            print("Written again: the page is mine already,")
            print("so nothing moves in its row. (another letter, or q)", flush=True)
        written = True


if __name__ == "__main__":
    main(sys.argv[1])
