"""Table of all commands, and how a line is run and completed."""

from collections.abc import Mapping

from smapstop.errors import SmapstopError, ambiguous_name_error, unknown_name_error
from smapstop.ui.commands import (
    callers,
    columns,
    copy,
    family,
    find,
    groups,
    inspector,
    marks,
    menu,
    moments,
    panes,
    program,
    quitting,
    rows,
    sampling,
    select,
    theme,
    threads,
)
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen


def _help(screen: MainScreen, argument: str) -> None:
    """Open the help of the part that has the focus, with all commands."""
    from smapstop.ui.help.content import HelpEntry
    from smapstop.ui.screens.help import HelpScreen
    from smapstop.ui.widgets.help_place import help_place

    commands = tuple(HelpEntry(each.name, f"{each.usage}  {each.help}".strip()) for each in COMMANDS)
    screen.app.push_screen(HelpScreen(help_place(screen.focused), argument, commands))


HELP = ScreenCommand("help", "[WORDS]", "Open the help, at these words.", _help)
COMMANDS: tuple[ScreenCommand, ...] = (
    rows.SORT,
    rows.GROUP,
    groups.FOLD,
    groups.UNFOLD,
    select.SELECT,
    find.FIND,
    find.HIT,
    rows.FILTER,
    rows.METRIC,
    columns.UNITS,
    columns.WIDTH,
    copy.COPY,
    rows.COLUMNS_SHOWN,
    rows.REVERSE,
    rows.FREEZE,
    moments.GOTO,
    moments.PLAY,
    moments.PAUSE,
    moments.LIVE,
    marks.MARK,
    marks.UNMARK,
    marks.MARKS,
    marks.COMPARE,
    marks.CAUSE,
    inspector.INSPECT,
    menu.MENU,
    inspector.PAGES,
    callers.CALLERS,
    inspector.RUNS,
    family.FAMILY,
    panes.EVENTS,
    panes.FOCUS,
    panes.PANE,
    panes.ZOOM,
    panes.SPLIT,
    sampling.INTERVAL,
    sampling.BUDGET,
    program.RUN,
    threads.THREADS,
    theme.THEME,
    HELP,
    sampling.SNAPSHOT,
    quitting.SAVE,
    quitting.QUIT,
)
"""All commands, in the order of the guide."""

COMMAND: Mapping[str, ScreenCommand] = {command.name: command for command in COMMANDS}
"""Commands by name."""


def find_command(name: str) -> ScreenCommand:
    """Find a command by its name, or by the unique beginning of one.

    Raises:
        SmapstopError: There is none, or there are several.
    """
    if name in COMMAND:
        return COMMAND[name]
    found = [each for each in COMMAND if name and each.startswith(name)]
    if len(found) > 1:
        raise ambiguous_name_error(f"{name!r} may be several commands", found, "give more of the name")
    if not found:
        raise unknown_name_error(f"no command {name!r}", name, COMMAND, f":{HELP.name} lists all {len(COMMANDS)}")
    return COMMAND[found[0]]


def run_line(screen: MainScreen, line: str) -> None:
    """Run a line: the name of a command and its argument.

    Raises:
        SmapstopError: It makes no sense; nothing was done.
    """
    name, _, argument = line.strip().partition(" ")
    command = find_command(name)
    if argument.strip() and not command.usage:
        raise SmapstopError(f"{command.name} takes no argument")
    if not argument.strip() and command.usage[:1] not in ("", "["):
        raise SmapstopError(f"{command.name} needs an argument", command.synopsis)
    command.run(screen, argument.strip())


def complete_line(screen: MainScreen, line: str) -> list[str]:
    """All lines that begin with a line and make sense; a name that something may follow has a space after it."""
    name, space, argument = line.partition(" ")
    if not space:
        return [f"{each.name} " if each.usage else each.name for each in COMMANDS if each.name.startswith(name)]
    try:
        command = find_command(name)
    except SmapstopError:
        return []
    lines = (f"{name} {each}" for each in command.complete(screen, argument))
    return [each for each in lines if each.casefold().startswith(line.casefold())]
