"""Watch the page faults of a process: count them by mapping and call stack, within a part of the budget."""

import time
from contextlib import suppress

import numpy as np

from smapstop.errors import SmapstopError
from smapstop.model.callers.page_faults import NO_LONGER_MAPPED, PageFaults
from smapstop.model.tick import Ids
from smapstop.proc.callstack.fault_records import KERNEL_IP, FaultColumns
from smapstop.proc.callstack.perf_events import DrainedRings, FaultRings
from smapstop.proc.columns import Counters, Mappings
from smapstop.proc.elf.mapped_files import ElfCache
from smapstop.proc.process import ProcDir
from smapstop.sampling.faults.accounts import FaultAccounts
from smapstop.sampling.faults.extents import ExtentReader
from smapstop.sampling.faults.kept_faults import KeptFaults, Samples
from smapstop.sampling.faults.period_control import PeriodControl
from smapstop.sampling.faults.places import FaultPlaces
from smapstop.sampling.faults.shares import FaultRow, LightFaults, PlacedStack, apportion, share_faults
from smapstop.sampling.faults.stack_reader import StackReader

MAX_LIGHT, MAX_STACKS = 20_000, 300
"""Samples a second, at most."""
_LEAST_LIGHT, _LEAST_STACKS = 1_000, 20
"""However small the budget is."""
_BUDGET_PART = 0.2
"""Share of the budget that each stream may take, and finding out which mappings grew."""
_LIGHT_COST_NS, _STACK_COST_NS = 500, 100_000
"""CPU time of a sample, about."""


class FaultWatch:
    """The page faults of a process from now on. Its fd is readable (select(2)) when `drain` is due.

    Args:
        process: The process.
        elves: Cache of symbol tables.
        budget: Share of a CPU that sampling may take.

    Raises:
        SmapstopError: The faults may not be seen, or cannot be on this machine.
        OSError: The process is gone.
    """

    def __init__(self, process: ProcDir, elves: ElfCache, budget: float) -> None:
        self._rings = FaultRings(process)
        try:
            self._accounts = FaultAccounts(process.counters())  # read last: what stat counts from then on is sampled
        except OSError:
            self._rings.close()
            raise
        self._reader = StackReader(process, self._rings.architecture, elves)
        self._reader.look_for_code(())  # it may end before the first samples are taken
        self._places = FaultPlaces()
        self._extents = ExtentReader(process, budget * _BUDGET_PART)
        now_ns, part_ns = time.monotonic_ns(), budget * _BUDGET_PART * 1e9
        light = min(MAX_LIGHT, max(_LEAST_LIGHT, int(part_ns / _LIGHT_COST_NS)))
        stacks = min(MAX_STACKS, max(_LEAST_STACKS, int(part_ns / _STACK_COST_NS)))
        self._light_control, self._stack_control = PeriodControl(light, now_ns), PeriodControl(stacks, now_ns)
        self._kept = KeptFaults()
        self._waiting = Samples.none()
        """Those in memory that was in no mapping when the mappings were last read: the next reading may have it."""
        self._owed = 0
        """Faults for which these stand."""
        self._sampled = 0
        """Faults that the samples of all ticks stand for."""
        self._is_exact = True
        """Whether there was a sample of each fault, up to now."""
        self._has_losses = self._has_gaps = False

    def fileno(self) -> int:
        """Fd that is readable when samples should be taken."""
        return self._rings.fileno()

    def close(self) -> None:
        """End it."""
        self._rings.close()
        self._reader.close()

    @property
    def missing(self) -> str:
        """Which faults are not seen, and what to do; empty if all are."""
        missed, texts = self._rings.missed_threads, list[str]()
        if not self._rings.sees_system_calls:
            texts.append("faults in system calls are not seen: sysctl kernel.perf_event_paranoid=1, or CAP_PERFMON")
        if missed:
            texts.append(f"{missed:,} threads are not seen: raise the limit of open files (ulimit -n)")
        return "; ".join(texts)

    def drain(self) -> None:
        """Take the samples, and adapt the sampling rate."""
        drained = self._rings.drain()
        self._store(drained)
        before, now_ns = (self._light_control.period, self._stack_control.period), time.monotonic_ns()
        light = self._light_control.book(len(drained.faults), now_ns)
        stack = self._stack_control.book(len(drained.stacks), now_ns)
        if (light, stack) != before:
            with suppress(OSError):  # there are not enough fds: the periods stay as they are
                self._store(self._rings.set_periods(light, stack))
        if light != before[0]:
            self._has_gaps, self._is_exact = True, False

    def later_than(self, time_ns: int) -> FaultColumns:
        """The faults that were sampled after a time (CLOCK_MONOTONIC), up to now; they are not settled yet."""
        self.drain()
        return self._kept.later_than(time_ns)

    def _store(self, drained: DrainedRings) -> None:
        """Store samples until they are settled."""
        self._has_losses |= drained.light_losses.any
        self._is_exact &= not self._has_losses
        self._reader.look_for_code(drained.new_code)
        self._kept.add(drained, self._reader.unwind)

    def settle(self, counters: Counters | None, read: tuple[Mappings, Ids] | None, until_ns: int) -> PageFaults:
        """Return the faults since the last call.

        Args:
            counters: The latest; None if the process has ended and nobody knows them.
            read: The mappings and their ids, if they have just been read, or will not be read again. If None,
                faults in memory that is in no mapping known yet are left for the next call that has them.
            until_ns: Time after the counters were read; what was later is of the next tick.
        """
        self.drain()
        self._reader.begin_tick()
        if read is not None:
            self._places.read(*read)
        taken, later = self._kept.take_until(until_ns)
        sampled = taken.faults
        self._sampled += sampled
        totals = self._accounts.settle(
            counters,
            self._visible(later),
            sampled,
            has_losses=self._has_losses,
            has_gaps=self._has_gaps or self._rings.missed_threads > 0,
        )
        self._has_losses = self._has_gaps = False
        rows = self._share(taken, totals.seen + totals.lost, may_wait=read is None)
        mapping, stack, count = zip(*rows, strict=True) if rows else ((), (), ())
        columns = np.array(mapping, np.int64), np.array(stack, np.int32), np.array(count, np.int64)
        return PageFaults(*totals, *columns, self._reader.stacks)

    def _share(self, taken: Samples, total: int, *, may_wait: bool) -> list[FaultRow]:
        """Share the faults of a tick, and those that waited, among the stacks that were sampled."""
        samples, total = self._waiting.joined_with(taken), self._owed + total
        self._waiting, self._owed = Samples.none(), 0
        find = self._places.find_in_last if may_wait else self._places.find
        mapping = find(samples.light.address)
        if may_wait and (strange := samples.light.address[mapping == NO_LONGER_MAPPED]).size:
            extents = self._extents.read(strange)
            if extents is not None:
                self._places.grow(extents)
                mapping = find(samples.light.address)
        of_stacks = find(np.array([each.address for each in samples.stacks], np.uint64))
        if may_wait:
            is_known, is_known_stack = mapping != NO_LONGER_MAPPED, of_stacks != NO_LONGER_MAPPED
            self._waiting = samples.take(~is_known, ~is_known_stack).limited()
            samples, whole = samples.take(is_known, is_known_stack), samples.faults
            mapping, of_stacks = mapping[is_known], of_stacks[is_known_stack]
            total, self._owed = apportion([samples.faults, whole - samples.faults], total)
        light = LightFaults(mapping, samples.light.ip, samples.light.weight, samples.density)
        return share_faults(light, self._name(of_stacks, samples), self._reader.name_code, total)

    def _visible(self, later: int) -> int:
        """Number of faults that were visible since the start, without some later ones."""
        if self._is_exact or self._rings.counts_children:
            return self._sampled
        return self._rings.fault_count() - later

    def _name(self, mapping: Ids, samples: Samples) -> list[PlacedStack]:
        """Name the stacks of samples, and prepare the names of code of which there are none."""
        sampled = {each.ip for each in samples.stacks}
        code = (ip for ip in np.unique(samples.light.ip).tolist() if ip not in sampled and ip != KERNEL_IP)
        self._reader.look_up({each.called for each in samples.stacks}, code)
        return [
            PlacedStack(of, each.ip, self._reader.name(each.called), each.weight, each.density)
            for of, each in zip(mapping.tolist(), samples.stacks, strict=True)
        ]


def watch_faults(process: ProcDir, elves: ElfCache, budget: float) -> tuple[FaultWatch | None, str]:
    """Watch the page faults of a process if that is permitted; and say why not, or what is missing."""
    if not process.is_local:
        return None, "the callers of page faults are seen only where smapstop runs"
    try:
        watch = FaultWatch(process, elves, budget)
    except SmapstopError as error:
        return None, str(error)
    return watch, watch.missing
