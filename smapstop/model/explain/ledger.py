"""Ledger of a tick: changes of each mapping that are not explained yet, and the mechanisms booked so far."""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import Mechanism

KbColumn = NDArray[np.int64]
"""kB per mapping, shape (k,)."""
Mask = NDArray[np.bool_]
"""Selection of mappings, shape (k,)."""

PC, PD, SC, SD = STATES = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")
"""Every resident page is in one of these states; their sum is Rss (fs/proc/task_mmu.c, smaps_page_accumulate)."""
HP, HS = "private_hugetlb", "shared_hugetlb"
"""Pages of hugetlb memory are counted in these instead."""
CLEAN_FIRST = (PC, SC, PD, SD)
DIRTY_FIRST = (PD, SD, PC, SC)


def round_down(kb: KbColumn, unit_kb: int) -> KbColumn:
    """Round amounts down to whole units."""
    return kb // unit_kb * unit_kb


class Ledger:
    """Deltas that are not explained yet, and the mechanisms that explain the others.

    Args:
        deltas: Change of each field that this kernel prints, kB.
        fields: The fields to be explained.
        count: Number of mappings.
    """

    def __init__(self, deltas: dict[str, KbColumn], fields: Iterable[str], count: int) -> None:
        self.unexplained = {
            name: deltas[name].copy() if name in deltas else np.zeros(count, np.int64) for name in fields
        }
        """Remaining change by field, kB; zeros for a field that this kernel does not print."""
        self.printed_fields = frozenset(deltas)
        """Fields that this kernel prints."""
        self.clean_or_dirty_kb = np.zeros(count, np.int64)
        """Pages that seem to have come clean, or gone dirty: if it was not so, others did not become dirty, kB."""
        self.bookings: list[tuple[Mechanism, KbColumn, bool]] = []
        """Mechanism, kB of each mapping, and whether that is sure."""

    def gain(self, *names: str) -> KbColumn:
        """Unexplained growth that all these fields have in common, kB."""
        least: KbColumn = np.minimum.reduce([self.unexplained[name] for name in names])
        return np.maximum(least, 0)

    def loss(self, *names: str) -> KbColumn:
        """Unexplained decrease that all these fields have in common, kB."""
        most: KbColumn = np.maximum.reduce([self.unexplained[name] for name in names])
        return np.maximum(-most, 0)

    def transition(self, source: str, target: str) -> KbColumn:
        """Unexplained move from one field to another, kB."""
        return np.minimum(self.loss(source), self.gain(target))

    def book(self, what: Mechanism, kb: KbColumn, *, sure: bool | Mask = True, **moves: int) -> None:
        """Book a mechanism, and explain the changes that it makes.

        Args:
            what: The mechanism.
            kb: Amount in each mapping, kB; nothing is booked when it is 0 everywhere.
            sure: Whether no other mechanism fits, for all mappings or for each.
            moves: Change of each field, in multiples of `kb`.
        """
        if not kb.any():
            return
        for name, times in moves.items():
            self.unexplained[name] -= times * kb
        if isinstance(sure, bool):
            self.bookings.append((what, kb, sure))
        else:
            self.bookings += [(what, np.where(sure, kb, 0), True), (what, np.where(sure, 0, kb), False)]

    def booked_kb(self, what: Mechanism) -> KbColumn:
        """All that is booked of a mechanism in each mapping, kB."""
        zeros = np.zeros_like(self.unexplained["rss"])
        return sum((kb for other, kb, _ in self.bookings if other == what), zeros)

    def doubt(self, where: Mask, whats: Collection[Mechanism]) -> None:
        """Make some mechanisms that are booked unsure in some mappings."""
        if not where.any():
            return
        bookings, self.bookings = self.bookings, []
        for what, kb, sure in bookings:
            self.book(what, kb, sure=~where if sure and what in whats else sure)

    def withdraw(self, where: Mask, whats: Collection[Mechanism]) -> None:
        """Withdraw some mechanisms booked in some mappings, and leave what they explain unexplained."""
        if where.any():
            self.bookings = [
                (what, np.where(where, 0, kb) if what in whats else kb, sure) for what, kb, sure in self.bookings
            ]

    def explain_gain(self, kb: KbColumn, states: Sequence[str]) -> None:
        """Attribute `kb` that became resident to gains of the states, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.gain(state))
            self.unexplained[state] -= part
            self.clean_or_dirty_kb += part if state in (PC, SC) else 0
            kb = kb - part
        self.unexplained[states[0]] -= kb

    def explain_loss(self, kb: KbColumn, states: Sequence[str]) -> None:
        """Attribute `kb` that is no longer resident to losses of the states, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.loss(state))
            self.unexplained[state] += part
            self.clean_or_dirty_kb += part if state in (PD, SD) else 0
            kb = kb - part
        self.unexplained[states[0]] += kb

    def explain_transition(self, source: str, target: str, kb: KbColumn, *whats: Mechanism) -> None:
        """Explain `kb` that changed state, and book it for each mechanism given.

        None is given if another process caused the change, or if the caller books its mechanisms separately.
        """
        self.unexplained[source] += kb
        self.unexplained[target] -= kb
        for what in whats:
            self.book(what, kb)
