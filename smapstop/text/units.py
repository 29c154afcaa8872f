"""Amounts in the unit that the user chose."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from smapstop.lazy_dataclass import dataclass
from smapstop.model.metrics import FAULTS
from smapstop.model.view.table_data import TableData
from smapstop.model.view.view import View
from smapstop.model.view.view_state import Units
from smapstop.proc.fields import FIELD_BY_NAME, PROPERTY_FIELDS
from smapstop.text import format as fmt

UNIT_NAMES: Mapping[Units, str] = MappingProxyType(
    {
        "auto": "kB, MB, GB, as it fits",
        "pages": "pages",
        "bytes": "bytes",
        "kB": "kB, exact",
        "share": "percent of the process's total",
    }
)
"""What each unit is."""
_SIGNS: Mapping[Units, str] = MappingProxyType({"auto": "", "pages": "p", "bytes": "B", "kB": "kB", "share": "%"})

_CELLS: Mapping[Units, int] = MappingProxyType({"auto": 7, "pages": 10, "bytes": 15, "kB": 11, "share": 7})

_DEFAULT_PAGE_KB = 4


@dataclass(frozen=True, slots=True)
class UnitFormat:
    """Formats amounts given in kB."""

    units: Units = "auto"
    page_kb: int = 4
    total_kb: float | None = None
    """What shares are of; None if unknown."""

    @property
    def cells(self) -> int:
        """Cells that amounts and changes up to 10 GB take, where columns do not fit them."""
        return _CELLS[self.units]

    @property
    def sign(self) -> str:
        """Sign of the unit, for a title; empty where each number has its own."""
        return _SIGNS[self.units]

    def amount(self, kb: float | None) -> str:
        """Format an amount; None, NaN, or a negative number such as `ABSENT`, means unknown."""
        if kb is None or kb != kb or kb < 0:
            return fmt.UNKNOWN
        return fmt.amount(kb) if self.units == "auto" else self._number(kb)

    def signed(self, kb: float | None) -> str:
        """Format a change; "·" for 0."""
        if self.units == "auto" or not kb or kb != kb:
            return fmt.signed(kb)
        return ("+" if kb > 0 else fmt.MINUS) + self._number(abs(kb))

    def inferred(self, kb: float) -> str:
        """Format a change that is inferred: "~16 M"; unknown for 0 and NaN, as nothing is inferred then."""
        if not kb or kb != kb:
            return fmt.UNKNOWN
        text = self.signed(kb).removeprefix("+")
        return fmt.ABOUT + (text if kb > 0 else text.replace(" ", ""))  # not longer than the same with a sign

    def text(self, kb: float | None) -> str:
        """Format an amount with its unit, for a sentence: "15,792 p"."""
        return self.with_sign(self.amount(kb))

    def change(self, kb: float | None) -> str:
        """Format a change with its unit, for a sentence: "+528 p"."""
        return self.with_sign(self.signed(kb))

    def rate(self, kb_per_s: float) -> str:
        """Format a rate with its unit, for a sentence: "+528 p/s"."""
        return f"{self.change(kb_per_s)}/s"

    def of_total(self, total_kb: float | None) -> "UnitFormat":
        """The same with shares of another total."""
        return replace(self, total_kb=total_kb)

    def axis(self, kb: float, cells: int) -> str:
        """Format an amount with its unit in some cells, for an axis; where that takes more, as K, M, G."""
        text = self.text(kb)
        return next((each for each in (text, text.replace(" ", "")) if len(each) <= cells), fmt.amount(kb))

    def with_sign(self, text: str) -> str:
        """A formatted number, with the sign of its unit."""
        return text if not self.sign or text in (fmt.UNKNOWN, fmt.STILL) else f"{text} {self.sign}"

    def _number(self, kb: float) -> str:
        """Format a number that is not negative, with all digits."""
        match self.units:
            case "pages":
                return _exact(kb / self.page_kb)
            case "bytes":
                return f"{kb * 1024:,.0f}"
            case "share":
                return _percent(100 * kb / self.total_kb) if self.total_kb else fmt.UNKNOWN
        return _exact(kb)


@dataclass(frozen=True, slots=True)
class CountFormat(UnitFormat):
    """Formats counts, in no unit."""

    def amount(self, kb: float | None) -> str:
        """Format a count; None, NaN, or a negative number means unknown."""
        return fmt.UNKNOWN if kb is None or kb != kb else fmt.count(round(kb))

    def signed(self, kb: float | None) -> str:
        """Format a change or a rate; "·" for 0."""
        if not kb or kb != kb:
            return fmt.STILL if kb == 0 else fmt.UNKNOWN
        size = abs(kb)
        return ("+" if kb > 0 else fmt.MINUS) + (f"{size:.2g}" if size < 9.5 and size % 1 else fmt.count(round(size)))


def _exact(value: float) -> str:
    """Format with all digits of the whole part, and a tenth of what is small and not whole."""
    return f"{value:,.1f}" if value < 100 and value % 1 else f"{value:,.0f}"


def _percent(value: float) -> str:
    """Format percents: "0", "0.02", "1.2", "48"."""
    if not value:
        return "0"
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def unit_format_of(view: View, name: str = "") -> UnitFormat:
    """Format of amounts of a field in a view, or else of the metric; shares are of its sum over all mappings."""
    units, mappings = view.state.units, view.mappings
    if units == "auto" or (name in FIELD_BY_NAME and FIELD_BY_NAME[name].unit != "kB"):
        return UnitFormat()
    values = mappings.get(name) if name else mappings.metric_amounts
    if name in PROPERTY_FIELDS:  # a page size has no sum
        values = None
    total = None if values is None else float(values[(values > 0) & ~mappings.gone].sum())
    return UnitFormat(units, page_kb_of(mappings), total)


def page_kb_of(mappings: TableData) -> int:
    """Page size of the process, kB: the smallest of its mappings."""
    sizes = mappings.get("kernel_page_size")
    known = sizes[sizes > 0] if sizes is not None else np.zeros(0, np.int64)
    return int(known.min()) if len(known) else _DEFAULT_PAGE_KB


def process_format(view: View) -> UnitFormat:
    """Format of amounts of the process, and of what happened over time: what shares would be of has to be seen."""
    return without_shares(unit_format_of(view))


def metric_format(view: View) -> UnitFormat:
    """Format of the metric of a view in sentences."""
    return CountFormat() if view.state.metric == FAULTS else unit_format_of(view)


AUTO = UnitFormat()
"""Format for those who did not choose a unit: kB, MB, GB, as it fits."""


def without_shares(unit: UnitFormat) -> UnitFormat:
    """A format, or the automatic one instead of shares: of what these would be of, or of what has no total."""
    return AUTO if unit.units == "share" else unit
