"""The palette: every key action that is available where the focus is, and every command with its arguments."""

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import cast

from textual.app import SystemCommand
from textual.command import Hit, Hits, Provider
from textual.widget import Widget

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.commands.table import COMMAND, COMMANDS, complete_line
from smapstop.ui.keys.key_app import keymap_of
from smapstop.ui.keys.table import KEYS
from smapstop.ui.screens.dashboard import MainScreen
from smapstop.ui.widgets.time_band import TimeBand


def _is_available(screen: MainScreen, action: str) -> bool:
    """Whether an action that works anywhere makes sense now."""
    name, _, argument = action.removeprefix("app.").partition("(")
    target = screen.app if action.startswith("app.") else screen
    return bool(target.check_action(name, (argument.strip("')"),) if argument else ()))


def palette_commands(screen: MainScreen) -> Iterator[SystemCommand]:
    """Commands for the dashboard's screen, in the order of the key table."""
    app, parts = screen.app, _focused_parts(screen)
    for key in KEYS:
        action = key.actions.get("anywhere")
        place = next((place for place in key.actions if place in parts), None)
        if key.name == "palette" or (place is None and action is None):
            continue
        if action is None or _is_available(screen, action):
            here = key.actions[place] if place else action
            run = partial(app.run_action, here or "", parts[place] if place else screen)
            keys = " ".join(keymap_of(app).display_names(key.name))
            yield SystemCommand(key.label.capitalize(), f"{key.help}  {keys}", run)


def _focused_parts(screen: MainScreen) -> dict[str, Widget]:
    """Widgets with keys of their own that have the focus, by the place that the key table has for them."""
    focused, inspector = screen.focused, screen.views.inspector
    if focused is inspector.body:
        return {inspector.shown_tab: inspector.body, "inspector": inspector}
    if isinstance(focused, TimeBand):
        return {"band": focused}
    events = screen.panes.open_events
    return {"events": events} if events is not None and focused is events else {}


_BEST_SCORE = 1e6
"""More than any score of a fuzzy match."""
_HELP_SCORE = 1e-6
"""Less than any."""


class CommandLines(Provider):
    """Finds commands with their arguments, whole lines as they would be typed; these and keys also by their help."""

    async def search(self, query: str) -> Hits:
        """Hits: the query itself if it is a command with an argument, then all lines that it may stand for."""
        screen, matcher = cast("MainScreen", self.screen), self.matcher(query)
        name, _, argument = query.strip().partition(" ")
        lines = complete_line(screen, query)
        if name in COMMAND and argument and (query in lines or not lines):
            yield Hit(_BEST_SCORE, query, self._runner(query), help=COMMAND[name].help)
        for line, command in _lines(screen):
            score = matcher.match(line)
            if score > 0 and line != query:
                yield Hit(score, matcher.highlight(line), self._runner(line), help=command.help)
        for title, text, run in self._described_actions(screen):
            if not matcher.match(title) and all(word in text.casefold() for word in query.casefold().split()):
                yield Hit(_HELP_SCORE, title, run, help=text)

    def _described_actions(self, screen: MainScreen) -> Iterator[tuple[str, str, Callable[[], object]]]:
        """Title, help and action of each key, and of each command without its arguments."""
        yield from ((each.title, each.help, each.callback) for each in palette_commands(screen))
        for command in COMMANDS:
            line = f"{command.name} " if command.usage else command.name
            yield line, command.help, self._runner(line)

    def _runner(self, line: str) -> Callable[[], Coroutine[object, object, object]]:
        """Runs a line; a name that needs an argument is typed instead."""
        action = "type_command" if line.endswith(" ") else "command"
        return partial(self.app.run_action, f"app.{action}({line!r})")


def _lines(screen: MainScreen) -> Iterator[tuple[str, ScreenCommand]]:
    """All lines that are known: each command, and with each argument that it could have."""
    for command in COMMANDS:
        yield (f"{command.name} " if command.usage and command.usage[0] != "[" else command.name), command
        yield from ((f"{command.name} {argument}", command) for argument in command.complete(screen, ""))
