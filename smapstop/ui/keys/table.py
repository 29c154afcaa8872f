"""Table of keys, one row per action: the source of the bindings, key bar, help and command palette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from smapstop.model.metrics import METRIC_TITLES

Group = Literal["Table", "Compare", "Time", "Pages", "Program", "General", "Cursor", "Lists"]
"""Headings under which the help lists the keys."""
GROUPS: tuple[Group, ...] = get_args(Group)
Place = Literal[
    "anywhere",
    "list",
    "table",
    "inspector",
    "fields",
    "callers",
    "events",
    "band",
    "filter",
    "command",
    "letter",
    "pages",
    "help",
    "pick",
    "search",
    "runs",
    "marks",
    "sort",
    "columns",
    "theme",
    "threads",
    "menu",
    "copy",
    "family",
    "quit",
    "guide",
]
"""Where a key works: in the whole dashboard, in a part of it that has the focus, or on a screen above it."""
PLACES: tuple[Place, ...] = get_args(Place)
MODAL_PLACES: frozenset[Place] = frozenset(PLACES[PLACES.index("help") :])
"""Screens on which the dashboard's own keys are inactive."""
TYPING_PLACES: frozenset[Place] = frozenset({"filter", "command", "letter", "pick", "sort", "theme"})
"""Places with a text input: single characters are typed, not bound."""


@dataclass(frozen=True, slots=True)
class Key:
    """One action of the user, with its keys."""

    name: str
    """Name in the config file, and id of its bindings."""
    keys: tuple[str, ...]
    """Default keys in Textual's spelling; the key bar shows the first."""
    label: str
    """One or two words, for the key bar."""
    help: str
    group: Group
    actions: Mapping[Place, str]
    """Textual action for each place."""
    shown: frozenset[Place] = frozenset()
    """Places where the key bar shows it, in the order of the table."""
    priority: bool = False
    """Takes precedence over the keys of the focused widget."""
    shadows: str = ""
    """Row of the dashboard whose keys it replaces in its own places."""


def _key(
    name: str,
    keys: str,
    label: str,
    group: Group,
    what: str,
    anywhere: str = "",
    *,
    shown: bool | str = False,
    priority: bool = False,
    shadows: str = "",
    **elsewhere: str,
) -> Key:
    """Build a row.

    Args:
        what: The help text.
        anywhere: The action in the whole dashboard; empty for none.
        shown: Show it in the key bar everywhere (True), nowhere (False), or in these places, separated by spaces.
        elsewhere: The actions in other places.
    """
    actions = {"anywhere": anywhere, **elsewhere} if anywhere else elsewhere
    places = {place: actions[place] for place in PLACES if place in actions}
    bar = frozenset(place for place in places if (place in shown.split() if isinstance(shown, str) else shown))
    return Key(name, tuple(keys.split()), label, what, group, places, bar, priority, shadows)


# fmt: off
KEYS: tuple[Key, ...] = (
    _key("help", "? f1", "help", "General", "Explain the keys, the columns, the fields and flags.",
         "app.command('help')", help="close", family="app.command('help')", shown=True),
    _key("quit", "q", "quit", "General", "Quit, or close what is open; asks once if history would be lost.",
         "app.command('quit')", help="close", pick="leave", runs="dismiss", marks="dismiss", sort="dismiss",
         columns="dismiss", theme="back", threads="dismiss", menu="dismiss", copy="dismiss", family="leave",
         quit="answer('quit')", guide="close", shown=True),
    _key("quit_now", "f10 ctrl+c", "quit now", "General", "Quit without asking about history.",
         "app.command('quit now')", help="close", pick="leave", runs="dismiss", marks="dismiss", sort="dismiss",
         columns="dismiss", theme="back", threads="dismiss", menu="dismiss", copy="dismiss", quit="answer('quit')",
         guide="close", shown="pick"),
    _key("close", "q", "close", "General", "Close what is open: the inspector, the events.",
         inspector="screen.back", events="back", shadows="quit"),
    _key("program", "i t", "program", "Program", "Type into the program.",
         "program", shown=True),
    _key("pause", "space", "pause", "Time", "Pause or resume; in a recording: play.",
         "pause", shown=True),
    _key("play", "p", "play", "Time", "Play from here at 1×, 10× or 60×.",
         "play", shown=True),
    _key("filter", "/ f4", "filter", "Table", "Show only matches: libc, kind:heap, rss>10M.",
         "filter", events="screen.filter_events", help="search", family="filter", shown=True),
    _key("sort", "s f6", "sort", "Table", "Choose the sort column; clicking a title sorts, too.",
         "sort", pick="sort", threads="next_order", family="order", shown=True),
    _key("reverse", "I", "reverse", "Table", "Sort in the other direction.", "reverse"),
    _key("sort_left", "shift+left", "sort left", "Table", "Sort by the column to the left.", "previous_sort"),
    _key("sort_right", "shift+right", "sort right", "Table", "Sort by the column to the right.", "next_sort"),
    _key("find", "f3", "find", "Table", "Find rows; the cursor jumps there, the others stay. In the events: filter.",
         "app.command('find')", events="screen.filter_events", help="search"),
    _key("next_hit", "n", "next hit", "Table", "To the next row found.", "app.command('hit next')"),
    _key("previous_hit", "N", "previous hit", "Table", "To the previous row found.", "app.command('hit previous')"),
    _key("select_range", "V", "select", "Table", "Select rows: moving extends the range; again ends it, esc drops.",
         "app.command('select range')"),
    _key("select_row", "ctrl+space ctrl+@", "select row", "Table", "Select the row, or no longer.",
         "app.command('select row')"),
    _key("select_all", "*", "select all", "Table", "Select all that match the filter.",
         "app.command('select all')"),
    _key("freeze", "f", "freeze", "Table", "Freeze the order of the rows, or release it.", "freeze"),
    _key("mark", "m", "mark", "Compare", "Mark this moment by the letter typed next, or enter; compare with it.",
         "app.ask_letter('mark')", shown=True),
    _key("compare_mark", "'", "compare mark", "Compare", "Compare with the mark of the letter typed next.",
         "app.ask_letter('compare')"),
    _key("compare", "d", "diff", "Compare", "Compare with the previous tick, the mark, or the start.",
         "compare", family="compare", shown=True),
    _key("open", "enter", "open", "Table", "Go into the mapping, again to have it fill the screen; unfold a group.",
         "open", events="open", threads="open", shown=True),
    _key("pages", "v", "pages", "Table", "Show the mapping's pages; press again for why it changed.",
         "pages", shown=True),
    _key("callers", "b", "callers", "Table", "Show which code touches memory; again for the mapping alone.",
         "app.command('callers')"),
    _key("back", "escape", "back", "Table", "Go back one step: out of a mapping, a filter, the past.",
         "back", events="back", filter="screen.back", help="back", pick="back", runs="dismiss", marks="dismiss",
         sort="dismiss", columns="dismiss", theme="back", threads="dismiss", menu="dismiss", copy="dismiss",
         family="back", quit="answer('cancel')", guide="back", command="close", letter="close",
         shown="filter command letter pick family"),
    _key("events", "e f7", "events", "Table", "Show the event log; in it, enter opens the mapping and / filters.",
         "app.command('events')", shown=True),
    _key("last_event", "[", "previous outlier", "Time", "Back to where something began, or differs from its run.",
         "outlier(-1)"),
    _key("next_event", "]", "next outlier", "Time", "On to where something begins, or differs from its run.",
         "outlier(1)"),
    _key("change_before", "{", "previous change", "Time", "Back to the last tick in which anything happened.",
         "change(-1)"),
    _key("change_after", "}", "next change", "Time", "On to the next tick in which anything happened.", "change(1)"),
    _key("step_back", "comma", "step back", "Time", "Step back one tick.", "step(-1)"),
    _key("step_on", ".", "step forward", "Time", "Step forward one tick, from the newest to live.", "step(1)"),
    _key("leap_back", "<", "back 10", "Time", "Step back ten ticks.", "step(-10)"),
    _key("leap_on", ">", "forward 10", "Time", "Step forward ten ticks.", "step(10)"),
    _key("zoom_in", "(", "less time", "Time", "Show less time in the band and in histories.", "zoom(-1)"),
    _key("zoom_out", ")", "more time", "Time", "Show more time in the band and in histories.", "zoom(1)"),
    _key("live", "L", "live", "Time", "Back to live.", "live"),
    _key("keys_back", "ctrl+right_square_bracket f12", "leave program", "Program",
         "Leave the program; keys go to smapstop again.", "keys_back", shown=True, priority=True),
    _key("zoom", "z", "zoom", "General", "Have the focused part fill the screen, or no longer.",
         "app.command('zoom')", shown=True),
    _key("zoom_program", "Z", "program zoom", "Program", "Type into the program on the whole screen.",
         "app.command('zoom program')"),
    _key("run_again", "R", "run again", "Program", "Run the program again; of a process that ended, await the next.",
         "app.command('run')"),
    _key("threads", "H", "threads", "Program", "List the threads: CPU time, and whose stack is how large.",
         "app.command('threads')", threads="dismiss"),
    _key("runs", "r", "runs", "Program", "List the runs; d compares with the previous one.",
         "runs", runs="dismiss"),
    _key("group", "o f5", "group", "Table", "Group by name, kind, file (a tree), purpose, or not at all.",
         "group", shown=True),
    *(
        _key(f"metric_{name}", str(number), f"by {label}", "Table",
             f"Let changes, rates, histories and the order follow {label}.", f"metric('{name}')",
             family=f"metric('{name}')")
        for number, (name, label) in enumerate(METRIC_TITLES.items(), 1)
    ),
    _key("save", "x", "save", "General", "Save the session so far, to replay or export it.",
         "app.command('save')", quit="answer('save')", shown=True),
    _key("copy", "y", "copy", "General", "Copy the row, its addresses, why it changed, the screen.",
         "app.command('copy')", shown=True),
    _key("family", "P", "family", "General", "Show the family: its processes, and who broke the sharing.",
         "app.command('family')", family="leave", shown=True),
    _key("watch_member", "enter", "watch it", "Lists", "In the family: watch the process; esc comes back.",
         family="open", shown=True),
    _key("command", ":", "command", "General", "Type a command: sort pss, group kind, goto 16:12:50.",
         "app.type_command"),
    _key("suspend", "ctrl+z", "suspend", "General", "Back to the shell; fg there comes back.", "app.suspend",
         help="app.suspend", pick="app.suspend", runs="app.suspend", sort="app.suspend", columns="app.suspend",
         theme="app.suspend", threads="app.suspend", menu="app.suspend", copy="app.suspend", marks="app.suspend",
         quit="app.suspend", guide="app.suspend"),
    _key("palette", "ctrl+p", "palette", "General", "Find an action by name.",
         "app.command_palette", priority=True),
    _key("columns", "c f2", "columns", "Table", "Choose the columns, and their order.", "columns"),
    _key("units", "u", "units", "Table", "Show amounts as K/M/G, pages, bytes, kB, percent.", "app.command('units')"),
    _key("wider", "w", "wider", "Table", "Widen the column sorted by, else the names; also: drag a title's edge.",
         "app.command('width wider')"),
    _key("narrower", "W", "narrower", "Table", "Narrow the column sorted by, else the names.",
         "app.command('width narrower')"),
    _key("faster", "+ =", "more often", "Time", "Sample more often.", "app.command('interval shorter')"),
    _key("slower", "-", "less often", "Time", "Sample less often.", "app.command('interval longer')"),
    _key("higher", "shift+up", "grow pane", "General", "Grow the lower pane.", "app.command('pane higher')"),
    _key("lower", "shift+down", "shrink pane", "General", "Shrink the lower pane.", "app.command('pane lower')"),
    _key("theme", "T", "theme", "General", "Choose the colours, and see them at once.", "app.command('theme')"),
    # the cursor
    _key("up", "up k", "up", "Cursor", "Up a line.",
         list="move(-1)", pages="move(0, -1)", help="scroll(-1)", guide="scroll(-1)", pick="move(-1)"),
    _key("down", "down j", "down", "Cursor", "Down a line.",
         list="move(1)", pages="move(0, 1)", help="scroll(1)", guide="scroll(1)", pick="move(1)"),
    _key("page_up", "pageup ctrl+b", "page up", "Cursor", "Up a screenful.",
         list="page(-1)", pages="page(-1)", help="page(-1)", guide="page(-1)", pick="page(-1)"),
    _key("page_down", "pagedown ctrl+f", "page down", "Cursor", "Down a screenful.",
         list="page(1)", pages="page(1)", help="page(1)", guide="page(1)", pick="page(1)"),
    _key("first", "g home ctrl+home", "first", "Cursor", "To the first line.",
         list="go(0)", pages="go(0)", help="go(0)", guide="go(0)", pick="move(-1000000)"),
    _key("last", "G end ctrl+end", "last", "Cursor", "To the last line.",
         list="go(-1)", pages="go(1)", help="go(-1)", guide="go(-1)", pick="move(1000000)"),
    _key("scroll_left", "left h", "scroll left", "Table", "In the table: fold a group; scroll to the left.",
         table="sideways(-1)"),
    _key("scroll_right", "right l", "scroll right", "Table", "In the table: unfold a group; scroll right, uncut.",
         table="sideways(1)"),
    # the time band
    _key("band_back", "left h", "step back", "Time", "In the time band: step back one tick.", band="screen.step(-1)",
         shown=True),
    _key("band_on", "right l", "step forward", "Time", "In the time band: step forward one tick.",
         band="screen.step(1)", shown=True),
    _key("band_leap_back", "shift+left", "back 10", "Time", "In the time band: step back ten ticks.",
         band="screen.step(-10)", shadows="sort_left"),
    _key("band_leap_on", "shift+right", "forward 10", "Time", "In the time band: step forward ten ticks.",
         band="screen.step(10)", shadows="sort_right"),
    _key("band_zoom_in", "up k", "less time", "Time", "In the time band: show less time.", band="screen.zoom(-1)",
         shown=True),
    _key("band_zoom_out", "down j", "more time", "Time", "In the time band: show more time.", band="screen.zoom(1)",
         shown=True),
    _key("cause", "enter", "its mapping", "Time", "In the time band: to the mapping that was marked or changed most.",
         band="app.command('cause')", shown=True, shadows="open"),
    _key("start", "home g", "start", "Time", "In the time band: to the first tick.", band="screen.start", shown=True),
    _key("band_end", "end G", "live", "Time", "In the time band: back to live.", band="screen.live", shown=True),
    # one mapping
    _key("why", "1", "why", "Table", "In the inspector: why it changed; verdict, reasons, what to do next.",
         inspector="tab('why')", shadows="metric_rss"),
    _key("fields", "2", "fields", "Table", "In the inspector: all fields, before and after.",
         inspector="tab('fields')", shadows="metric_pss"),
    _key("tab_pages", "3", "pages", "Table", "In the inspector: the pages.",
         inspector="tab('pages')", shadows="metric_uss"),
    _key("life", "4", "life", "Table", "In the inspector: its life; how it came, grew, moved.",
         inspector="tab('life')", shadows="metric_dirty"),
    _key("tab_events", "5", "its events", "Table", "In the inspector: its events.",
         inspector="tab('events')", shadows="metric_swap"),
    _key("tab_callers", "6", "its callers", "Table", "In the inspector: its callers; which code touched it.",
         inspector="tab('callers')", shadows="metric_faults"),
    _key("turn", "c", "turn", "Table", "In the callers: who faulted and who called it, or from main down.",
         callers="turn", shown=True, shadows="columns"),
    _key("flame", "f", "flame graph", "Table", "In the callers: a flame graph, or the tree again.",
         callers="flame", shown=True, shadows="freeze"),
    _key("all_frames", "a", "all frames", "Table", "In the callers: also functions that only carry, such as malloc.",
         callers="all_frames", shown=True),
    _key("toggle_line", "enter", "open", "Table", "In the callers: open or close a line; in the graph, zoom.",
         callers="open", shadows="open"),
    _key("open_all", "*", "open all", "Table", "In the callers: open or close all below the cursor.",
         callers="unfold_all", shadows="select_all"),
    _key("call_out", "left h", "close", "Table", "In the callers: close a line, go out; in the graph, to the left.",
         callers="sideways(-1)"),
    _key("call_in", "right l", "open", "Table", "In the callers: open a line, go in; in the graph, to the right.",
         callers="sideways(1)"),
    _key("zoom_out_graph", "escape", "zoom out", "Table", "In the callers: zoom out of the flame graph.",
         callers="back", shadows="back"),
    _key("zeros", "0", "zeros", "Table", "Hide or show the fields that are 0.", fields="fold", shown=True),
    _key("left", "left h", "left", "Pages", "To the previous cell.", pages="move(-1, 0)"),
    _key("right", "right l", "right", "Pages", "To the next cell.", pages="move(1, 0)"),
    _key("closer", "+ =", "zoom in", "Pages", "Zoom in: fewer pages in a cell.",
         pages="zoom(-1)", shown=True, shadows="faster"),
    _key("further", "-", "zoom out", "Pages", "Zoom out: more pages in a cell.",
         pages="zoom(1)", shown=True, shadows="slower"),
    _key("next_change", "n", "next changed", "Pages", "To the next page that changed.",
         pages="changed(1)", shown=True, shadows="next_hit"),
    _key("last_change", "N", "previous changed", "Pages", "To the previous page that changed.",
         pages="changed(-1)", shadows="previous_hit"),
    _key("copied", "c", "copied", "Pages", "List the pages copied on write, with their symbols.",
         pages="list", shown=True, shadows="columns"),
    # the screens above
    _key("read_on", "space", "page down", "Lists", "Down a screenful of the help.", help="page(1)", guide="page(1)"),
    _key("read_back", "b", "page up", "Lists", "Up a screenful of the help.", help="page(-1)", guide="page(-1)"),
    _key("guide", "c", "guide", "Lists", "In help: open the guide; in the guide: list its chapters.",
         help="guide", guide="contents"),
    _key("next_chapter", "n", "next chapter", "Lists", "Show the next chapter of the guide.", guide="turn(1)"),
    _key("previous_chapter", "N", "previous chapter", "Lists", "Show the previous chapter of the guide.",
         guide="turn(-1)"),
    _key("show", "space", "show", "Lists", "Show or hide the column.", columns="show"),
    _key("move_up", "left shift+up", "move left", "Lists", "Move the column to the left.", columns="move_column(-1)"),
    _key("move_down", "right shift+down", "move right", "Lists", "Move the column to the right.",
         columns="move_column(1)"),
    _key("usual", "u", "defaults", "Lists", "Restore the default columns.", columns="usual"),
    _key("keep", "enter", "keep", "Lists", "Keep the filter, and go to what it shows.", filter="submit", shown=True,
         shadows="open"),
    _key("run", "enter", "run", "Lists", "Run the command.", command="submit", shown=True, shadows="open"),
    _key("no_letter", "enter", "no letter", "Lists", "After m or ': the mark without a letter.",
         letter="submit", shown=True, shadows="open"),
    _key("complete", "tab", "complete", "Lists", "In a filter or a command: complete it.",
         filter="complete(1)", command="complete(1)", shown=True),
    _key("complete_back", "shift+tab", "complete back", "Lists", "In a filter or a command: the completion before.",
         filter="complete(-1)", command="complete(-1)"),
    _key("earlier", "up", "earlier", "Lists", "In a filter or a command: bring back what was typed before.",
         filter="earlier", command="earlier", shown=True),
    _key("later", "down", "later", "Lists", "In a filter or a command: on to what was typed after it.",
         filter="later", command="later"),
    _key("watch", "enter", "watch it", "Lists", "Watch the process under the cursor.", search="submit", shown=True),
    _key("reload", "ctrl+r", "refresh", "Lists", "List the processes again.", pick="reload", shown=True),
    *(
        _key(f"copy_{name}", key, f"copy {name}", "Lists", f"In the menu to copy: {what}.", copy=f"choose('{name}')")
        for key, name, what in (
            ("a", "address", "the address range"),
            ("n", "name", "the full name"),
            ("r", "row", "the row, tab-separated, with its header"),
            ("w", "why", "why it changed"),
            ("s", "screen", "the screen as text"),
            ("g", "svg", "the screen as an SVG file in the working directory"),
        )
    ),
    _key("end_program", "e", "terminate", "Lists", "When you quit: terminate the program (SIGHUP).",
         quit="answer('end')"),
    _key("leave_program", "l", "detach", "Lists", "When you quit: detach and leave the program running.",
         quit="answer('leave')"),
)
# fmt: on
"""All keys, the most important first, which is their order in the key bar."""

KEY: Mapping[str, Key] = {key.name: key for key in KEYS}
"""Keys by row name."""
