"""Key bar: the keys available now, as many as fit without being cut."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from rich.segment import Segment
from textual import events
from textual.binding import Binding
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from smapstop.text import format as fmt
from smapstop.ui.keys.table import KEY
from smapstop.ui.theme.contrast import ensure_legible

_LAST = "palette"
"""The key at the right end."""


def fit_keys(keys: Sequence[tuple[str, str]], width: int) -> list[tuple[int, int]]:
    """Select the keys that fit, in order; a key that does not fit is skipped.

    Args:
        keys: Name and label of each key.
        width: Width of the bar, cells.

    Returns:
        Of each key that fits, its index in `keys` and its first cell.
    """
    placed, at = list[tuple[int, int]](), 1
    for index, (key, label) in enumerate(keys):
        cells = fmt.cell_width(key) + 1 + fmt.cell_width(label)
        if at + cells < width:
            placed.append((index, at))
            at += cells + 2
    return placed


_PLACES = {name: place for place, name in enumerate(KEY)}
"""Places of keys in the key table."""


def _sort_key(binding: Binding) -> tuple[bool, int]:
    """Sort key of a binding: keys of the focused widget first, in the order of the key table."""
    name = binding.id or ""
    return "anywhere" in KEY[name].actions, _PLACES[name]


class KeyBar(Widget):
    """One line at the bottom; a click on a key presses it.

    Args:
        labels: Returns, by action, what keys do now that do not always do the same; nothing for one not to be shown.
    """

    COMPONENT_CLASSES = {"keybar--key"}  # noqa: RUF012  (as Textual declares it)
    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $footer-background; color: $footer-description-foreground;
      & > .keybar--key { color: $footer-key-foreground; background: $footer-background; text-style: bold; }
    }
    """

    def __init__(self, labels: Callable[[], Mapping[str, str]] = dict[str, str]) -> None:
        super().__init__()
        self._labels = labels

    def on_mount(self) -> None:
        """Redraw when the available keys change."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.refresh())

    @property
    def _shown_bindings(self) -> list[Binding]:
        """Bindings that are enabled and shown, one per action, in the order of `_sort_key`."""
        active = self.screen.active_bindings.values()
        shown: dict[str, Binding] = {}
        is_typing = isinstance(self.app.focused, Input)
        for _, binding, enabled, _ in active:
            if binding.show and enabled and not (is_typing and self._types_character(binding)):
                shown.setdefault(binding.action, binding)
        for action, label in self._labels().items():
            if action in shown:
                shown[action] = replace(shown[action], description=label)
        return sorted((binding for binding in shown.values() if binding.description), key=_sort_key)

    def _types_character(self, binding: Binding) -> bool:
        """Whether the key shown for a binding types a character into a text input."""
        key = self.app.get_key_display(binding)
        return key == "space" or (len(key) == 1 and key not in "←→↑↓")

    def _fitted_bindings(self) -> list[tuple[Binding, str, int]]:
        """Bindings that fit, each with the name of its key and its first cell."""
        keys = [(binding, self.app.get_key_display(binding)) for binding in self._shown_bindings]
        last = [(binding, key) for binding, key in keys if binding.id == _LAST]  # it leads to all the others
        keys = [(binding, key) for binding, key in keys if binding.id != _LAST]
        width = self.size.width - sum(fmt.cell_width(key + binding.description) + 2 for binding, key in last)
        fitted = fit_keys([(key, binding.description) for binding, key in keys], width)
        return [*((*keys[index], at) for index, at in fitted), *((binding, key, width) for binding, key in last)]

    def render_line(self, y: int) -> Strip:  # noqa: ARG002  (there is one)
        """Draw the line."""
        base, key_style = self.rich_style, ensure_legible(self.get_component_rich_style("keybar--key"))
        segments, end = list[Segment](), 0
        for binding, key, at in self._fitted_bindings():
            segments += [
                Segment(" " * (at - end), base),
                Segment(key, key_style),
                Segment(f" {binding.description}", base),
            ]
            end = at + fmt.cell_width(key) + 1 + fmt.cell_width(binding.description)
        return Strip(segments).adjust_cell_length(self.size.width, base)

    def _binding_at(self, x: int) -> Binding | None:
        """The binding shown at a cell of the line."""
        for binding, key, at in self._fitted_bindings():
            if at <= x < at + fmt.cell_width(key) + 1 + fmt.cell_width(binding.description):
                return binding
        return None

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show the help of the key under the pointer."""
        binding = self._binding_at(event.x)
        self.tooltip = Content(binding.tooltip) if binding else None

    def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        binding = self._binding_at(event.x)
        if binding is not None:
            self.app.simulate_key(binding.key.split(",")[0])
