"""Dialog to choose what the table is sorted by."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from smapstop.model.view.sort import Sorting
from smapstop.proc.fields import FIELD_BY_NAME
from smapstop.text.table_columns import COLUMNS, SORTABLE, toggle_sorting
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.modal import Explained, Modal
from smapstop.ui.widgets.findable_list import FindableList

DEFAULT_SORTING = Sorting()
"""Initial sorting of a table: by `moved`, which is not a column."""
_DEFAULT_HELP = "Most recent change first; of equally recent ones, the largest first."


class SortScreen(Modal[Sorting | None]):
    """Lists what a table can be sorted by; the result is None when the user cancels.

    Args:
        sorting: The sorting now. Choosing the same key again reverses the direction.
    """

    DEFAULT_CSS = "SortScreen > .box { width: 100; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("sort")]

    def __init__(self, sorting: Sorting) -> None:
        super().__init__()
        self._sorting = sorting

    def compose(self) -> ComposeResult:
        """Compose the list of choices, with the current one marked."""
        with Vertical(classes="box") as box:
            box.border_title = "Sort by"
            box.border_subtitle = f"enter sort · again: reverse · type to find · {key_of(self.app, 'back')} cancel"
            keys = (DEFAULT_SORTING.key, *SORTABLE)
            yield FindableList([*map(self._option, keys)], [title_of(key).lstrip("Δ") for key in keys])
            yield Explained(markup=False)

    def on_mount(self) -> None:
        """Highlight the current choice."""
        choices = self.query_one(OptionList)
        choices.highlighted = choices.get_option_index(self._sorting.key)

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the full help of the choice under the cursor."""
        self.query_one(Explained).update(_help_of(message.option_id or DEFAULT_SORTING.key))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Close with the choice; choosing the current one again reverses the direction."""
        self.dismiss(toggle_sorting(message.option_id or DEFAULT_SORTING.key, self._sorting))

    def _option(self, key: str) -> Option:
        """Line of a choice in the list."""
        is_present = key == self._sorting.key
        arrow = "" if not is_present else "▼" if self._sorting.descending else "▲"
        brief = SORTABLE[key].brief if key in SORTABLE else _DEFAULT_HELP
        return Option(Content.assemble((f" {arrow:1} {title_of(key):20}", "bold"), brief), id=key)


def title_of(key: str) -> str:
    """Title of a choice: of a default column its title in the table, else the kernel's label of the field."""
    if key not in SORTABLE:
        return "last changed"
    is_field = key in FIELD_BY_NAME and SORTABLE[key] not in COLUMNS
    return FIELD_BY_NAME[key].label if is_field else SORTABLE[key].title


def _help_of(key: str) -> str:
    """Full help of a choice."""
    return SORTABLE[key].help if key in SORTABLE else _DEFAULT_HELP
