"""The ledger of a tick: what changed and is not explained yet, mapping by mapping, and what explained the rest."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from smapstop.model.events import Mechanism

KbColumn = NDArray[np.int64]
"""kB per mapping, shape (k,)."""
Mask = NDArray[np.bool_]
"""Which mappings, shape (k,)."""

PC, PD, SC, SD = STATES = ("private_clean", "private_dirty", "shared_clean", "shared_dirty")
"""Every resident page is in one of these states; their sum is Rss (fs/proc/task_mmu.c, smaps_page_accumulate)."""
CLEAN_FIRST = (PC, SC, PD, SD)
DIRTY_FIRST = (PD, SD, PC, SC)


class Ledger:
    """The deltas that are not explained yet, and what explained the others."""

    def __init__(self, deltas: dict[str, KbColumn], fields: Iterable[str], count: int) -> None:
        self.unexplained = {
            name: deltas[name].copy() if name in deltas else np.zeros(count, np.int64) for name in fields
        }
        """By field; zeros for one that this kernel does not print."""
        self.printed_fields = frozenset(deltas)
        """The fields that this kernel prints."""
        self.bookings: list[tuple[Mechanism, KbColumn, bool]] = []
        """Mechanisms, how much of each mapping they moved, and whether that is sure."""

    def gain(self, *names: str) -> KbColumn:
        """What every one of the fields grew by, and is not explained yet."""
        least: KbColumn = np.minimum.reduce([self.unexplained[name] for name in names])
        return np.maximum(least, 0)

    def loss(self, *names: str) -> KbColumn:
        """What every one of the fields shrank by, and is not explained yet."""
        most: KbColumn = np.maximum.reduce([self.unexplained[name] for name in names])
        return np.maximum(-most, 0)

    def transition(self, source: str, target: str) -> KbColumn:
        """What went from one field to another, and is not explained yet."""
        return np.minimum(self.loss(source), self.gain(target))

    def book(self, what: Mechanism, kb: KbColumn, *, sure: bool | Mask = True, **moves: int) -> None:
        """Book a mechanism that moves each field of `moves` by so many times its kB."""
        if not kb.any():
            return
        for name, times in moves.items():
            self.unexplained[name] -= times * kb
        if isinstance(sure, bool):
            self.bookings.append((what, kb, sure))
        else:
            self.bookings += [(what, np.where(sure, kb, 0), True), (what, np.where(sure, 0, kb), False)]

    def explain_gain(self, kb: KbColumn, states: Sequence[str]) -> None:
        """So much became resident: in the states that gained, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.gain(state))
            self.unexplained[state] -= part
            kb = kb - part
        self.unexplained[states[0]] -= kb

    def explain_loss(self, kb: KbColumn, states: Sequence[str]) -> None:
        """So much is resident no more: it was in the states that lost, the likeliest first."""
        for state in states:
            part = np.minimum(kb, self.loss(state))
            self.unexplained[state] += part
            kb = kb - part
        self.unexplained[states[0]] += kb

    def explain_transition(self, source: str, target: str, kb: KbColumn, *whats: Mechanism) -> None:
        """So much went from one state to another: book why; without a mechanism it was another process's doing."""
        self.unexplained[source] += kb
        self.unexplained[target] -= kb
        for what in whats:
            self.book(what, kb)
