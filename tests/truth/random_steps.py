"""Random commands for tests/programs/obedient.c, and what is known of a tick by the commands in it.

A case is a list of lines: commands, `tick` for a look, and `in CHILD …` for what a child is to do.
"""

import random
from collections.abc import Sequence

from truth.bounds import Move
from truth.witness import Done

Case = tuple[str, ...]

KINDS = {
    "private": 10, "bare": 6, "file": 8, "shared-file": 6, "memfd": 8, "private-memfd": 4, "shared": 4, "tmpfs": 2,
    "shared-tmpfs": 3, "segment": 3, "huge": 3, "hugetlb": 2, "shared-hugetlb": 2,
}  # fmt: skip
ADVICE = {
    "dontneed": 8, "free": 4, "pageout": 5, "populate-read": 2, "populate-write": 2, "collapse": 3, "dontfork": 1,
    "dofork": 1, "wipeonfork": 1, "keeponfork": 1, "mergeable": 1, "unmergeable": 1, "remove": 2, "cold": 1,
    "guard": 1, "unguard": 1, "nohugepage": 1, "hugepage": 1,
}  # fmt: skip
COMMANDS = {
    "put": 22, "get": 16, "advise": 16, "protect": 5, "lock": 2, "unlock": 2, "unmap": 6, "punch": 3, "truncate": 2,
    "sync": 2, "file-write": 2, "flush": 1, "allocate": 1, "map": 10, "view": 4, "keep": 2, "part": 2, "resize": 4,
    "fork": 4, "end": 4, "in": 10,
}  # fmt: skip
SLOTS, CHILDREN = 5, 2
BIG = {"huge", "hugetlb", "shared-hugetlb"}

CAUSES: dict[str, frozenset[str]] = {
    "lazy-free": frozenset({"free"}),
    "rewrite": frozenset({"put", "in", "populate-write", "lock"}),
    # a child that ends leaves its dirty bits to the others
    "shared-write": frozenset({"put", "file-write", "in", "populate-write", "lock", "allocate", "end"}),
    "ksm-merge": frozenset(),
    "huge-collapse": frozenset({"collapse"}),
}
"""What a mechanism takes, on memory of the slots; KSM and khugepaged work by themselves once they were asked to."""

OTHERS = {"in", "view", "keep", "part", "file-write", "allocate", "fork"}
"""Commands by which a page of a memory file may be filled by something else than the mapping that it is seen in."""
GIVING_UP = {"dontneed", "remove", "punch", "guard", "unguard", "in"}


def random_case(seed: int, ticks: int) -> Case:
    """A case; the same for the same seed."""
    rng = random.Random(seed)
    sizes: dict[int, tuple[str, int]] = {}
    lines = [*(_map(rng, sizes, slot) for slot in range(rng.randint(1, 3))), "tick"]
    for _ in range(ticks):
        lines += [_command(rng, sizes) for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))]
        lines.append("tick")
    return tuple(lines)


def _pick(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def _map(rng: random.Random, sizes: dict[int, tuple[str, int]], slot: int) -> str:
    kind = _pick(rng, KINDS)
    pages = 512 * rng.randint(1, 2) if kind in BIG else rng.choice((1, 3, 8, 16, 24, 40))
    sizes[slot] = kind, pages
    return f"map {slot} 0 {pages} {kind}"


def _command(rng: random.Random, sizes: dict[int, tuple[str, int]], nested: bool = False) -> str:
    """A command; `sizes` is what the slots have, as far as that is known."""
    what = _pick(rng, COMMANDS)
    if what in ("fork", "end") and not nested:
        return f"{what} {rng.randrange(CHILDREN)}"
    if what == "in" and not nested:
        return f"in {rng.randrange(CHILDREN)} {_command(rng, dict(sizes), nested=True)}"
    if what in ("fork", "end", "in"):
        what = "put"
    slot = rng.randrange(SLOTS) if what in ("map", "view", "keep", "part") else rng.choice(list(sizes))
    if what == "map":
        return _map(rng, sizes, slot)
    source = rng.choice(list(sizes)) if what in ("view", "keep", "part") else slot
    kind, pages = sizes[source]
    first, count = _range(rng, kind, pages)
    if what in ("view", "keep"):
        sizes[slot] = kind, pages
        return f"{what} {slot} {int(rng.random() < 0.3) if what == 'view' else 0} {pages} {source}"
    if what == "part":
        sizes[slot] = kind, count
        return f"part {slot} {first} {count} {source}"
    if what == "resize":
        wanted = rng.choice((max(1, pages // 2), pages + rng.randint(1, 16)))
        sizes[slot] = kind, wanted
        return f"resize {slot} {pages} {wanted}"
    word = ""
    if what == "advise":
        word = _pick(rng, ADVICE)
    elif what in ("protect", "lock"):
        word = rng.choice(("r", "rw", "rw", "n") if what == "protect" else ("now", "onfault"))
    return f"{what} {slot} {first} {count} {word}".rstrip()


def _range(rng: random.Random, kind: str, pages: int) -> tuple[int, int]:
    """Some pages of a mapping."""
    unit = 512 if "hugetlb" in kind or (kind == "huge" and rng.random() < 0.5) else 1
    units = max(1, pages // unit)
    if rng.random() < 0.3:
        return 0, pages
    first = rng.randrange(units)
    most = units - first if unit > 1 or kind != "huge" else min(8, units - first)
    return first * unit, rng.randint(1, most) * unit


def known(done: Sequence[str], moves: Sequence[Move], all_lines: Sequence[str]) -> Done:
    """What is known of a tick by the commands in it, and by all commands until now."""
    words = {word for line in done for word in line.split()}
    ever = {word for line in all_lines for word in line.split()}
    impossible = {what for what, causes in CAUSES.items() if not causes & words}
    if "mergeable" in ever:
        impossible.discard("ksm-merge")
    if ever & {"huge", "hugepage"}:
        impossible.discard("huge-collapse")
    return Done(tuple(moves), frozenset(impossible), bool(words & OTHERS), bool(words & GIVING_UP), len(done) == 1)
