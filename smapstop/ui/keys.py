"""The keys of the dashboard: one row here each. The bindings, the footer and the help are made from this table."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from textual.binding import Binding

Group = Literal["Table", "Compare", "Time", "Program", "General"]
"""What a key is about; the help lists the keys under these words."""
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True, slots=True)
class Key:
    """Something that the user can do with a key."""

    action: str
    """What Textual runs: `sort` is `action_sort` of the screen. Also the id by which a keymap knows the key."""
    keys: tuple[str, ...]
    """In Textual's spelling; the footer shows the first."""
    label: str
    """One or two words, for the footer."""
    help: str
    group: Group
    shown: bool = False
    """Whether the footer shows it, in the order of the table."""
    priority: bool = False
    """Whether it comes before the keys of what has the focus."""
    of: Literal["screen", "app"] = "screen"
    """Who does it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The keys as people read them: "?", "F1", "shift+←"."""
        return tuple(map(key_name, self.keys))


KEYS: tuple[Key, ...] = (
    Key(
        "help",
        ("?", "f1"),
        "help",
        "Explain the keys, the columns, the fields and flags.",
        "General",
        shown=True,
        of="app",
    ),
    Key("quit", ("q", "f10", "ctrl+c"), "quit", "Leave.", "General", shown=True, of="app"),
    Key("program", ("t",), "program", "Give the keys to the program, all of them.", "Program", shown=True),
    Key(
        "pause",
        ("space",),
        "pause",
        "Hold this moment, or go on; plays a recording.",
        "Time",
        shown=True,
    ),
    Key(
        "play",
        ("p",),
        "play",
        "Let time go on from here: as it was, 10 or 60 times as fast.",
        "Time",
        shown=True,
    ),
    Key("filter", ("/", "f3", "f4"), "filter", "Show what matches: libc, kind:heap, rss>10M.", "Table", shown=True),
    Key("sort", ("s", "f6"), "sort", "Choose what to sort by; so does a click on a title.", "Table", shown=True),
    Key("reverse", ("i",), "reverse", "Sort in the other direction.", "Table"),
    Key("previous_sort", ("<",), "sort left", "Sort by the column to the left.", "Table"),
    Key("next_sort", (">",), "sort right", "Sort by the column to the right.", "Table"),
    Key("freeze", ("f",), "freeze", "Hold the order of the rows, or let them move again.", "Table"),
    Key("mark", ("m",), "mark", "Mark this moment, and compare with it.", "Compare", shown=True),
    Key("compare", ("d",), "diff", "Compare with the previous tick, the mark, or the start.", "Compare", shown=True),
    Key("open", ("enter",), "open", "Open the mapping: all its fields, before and after.", "Table", shown=True),
    Key("pages", ("v",), "pages", "See the pages of the mapping; again: its fields.", "Table", shown=True),
    Key("back", ("escape",), "back", "Go one step back: out of a mapping, a filter, the past.", "Table"),
    Key("events", ("e", "f7"), "events", "What happened; there enter goes to it, / filters.", "Table", shown=True),
    Key("happened(-1)", ("left_square_bracket",), "last event", "Go back to where something happened.", "Time"),
    Key("happened(1)", ("right_square_bracket",), "next event", "Go forward to where something happened.", "Time"),
    Key("step(-1)", ("left",), "back a tick", "Go back one tick.", "Time"),
    Key("step(1)", ("right",), "on a tick", "Go forward one tick; past the newest is live.", "Time"),
    Key("step(-10)", ("shift+left",), "back ten ticks", "Go back ten ticks.", "Time"),
    Key("step(10)", ("shift+right",), "on ten ticks", "Go forward ten ticks.", "Time"),
    Key("start", ("home",), "start", "Go to the first tick.", "Time"),
    Key("live", ("end",), "live", "Follow the process again.", "Time"),
    Key("keys_back", ("f12",), "keys back", "Take the keys back from the program.", "Program", priority=True),
    Key("runs", ("r",), "runs", "The runs with --watch; d compares with the one before.", "Program"),
    Key("group", ("g", "f5"), "group", "Group by name, by kind, by file, or not at all.", "Table", shown=True),
    Key("command_palette", ("ctrl+p",), "palette", "Find an action by its name.", "General", priority=True, of="app"),
)
"""All keys of the app; those that move the cursor belong to the table."""

_NAMES = {
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def key_name(key: str) -> str:
    """A key as people read it: "F1", "esc", "shift+←", "ctrl+p"."""
    *held, pressed = key.split("+")
    name = pressed.upper() if re.fullmatch(r"f\d+", pressed) else _NAMES.get(pressed, pressed)
    return "+".join([*held, name])


def clashes(keys: Sequence[Key] = KEYS) -> dict[str, tuple[str, ...]]:
    """The keys that stand for more than one action, each with those actions."""
    actions: dict[str, list[str]] = defaultdict(list)
    for row in keys:
        for key in row.keys:
            actions[key].append(row.action)
    return {key: tuple(several) for key, several in actions.items() if len(several) > 1}


def bindings() -> "list[Binding]":
    """The keys as Textual binds them."""
    from textual.binding import Binding

    return [
        Binding(
            ",".join(key.keys),
            f"{key.of}.{key.action}",
            key.label,
            show=key.shown,
            key_display=key.names[0],
            priority=key.priority,
            tooltip=key.help,
            id=key.action,
        )
        for key in KEYS
    ]
