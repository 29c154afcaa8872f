"""Which run is looked at, at which moment, and how."""

from factories import change_of, mappings_of, tick_of
from list_source import target

from smapstop.model.compare.runs import Run
from smapstop.model.tick import ExitStatus
from smapstop.model.view.sort import Sorting
from smapstop.model.view.view_state import ViewState
from smapstop.proc.columns import StringTable
from smapstop.ui.state.session import Session

HEAP, APP = "[heap]", "/src/app"


def told(run: Run, *heaps: int, at: int = 0, ended: bool = True) -> None:
    """A run tells so many ticks, and its end; the heap is there from the second tick on."""
    texts = StringTable()
    app, heap = (at + 1, at + 2, "rw-p", APP, 4), (at + 10, at + 90, "rw-p", HEAP)
    for number, kb in enumerate(heaps):
        rows = [app, (*heap, kb)] if number else [app]
        run.timeline.append(tick_of(number, mappings_of(*rows, texts=texts), [7, 3][: len(rows)], keyframe=True))
    if ended:
        run.timeline.append(tick_of(len(heaps), mappings_of(texts=texts), [], ending=ExitStatus(status=0)))


def looking(*, runs: int = 1) -> Session:
    """Runs of four ticks, the heap bigger in each; the last goes on."""
    out = Session(ViewState(), Sorting("rss"))
    for number in range(runs):
        run = out.begin_run(target(pid=number))
        told(run, *(10 * run.number + tick for tick in range(4)), at=500 * number, ended=number < runs - 1)
        out.refresh()
    return out


def test_nothing_is_seen_before_the_first_tick() -> None:
    out = Session(ViewState(), Sorting())
    assert out.refresh() is None
    assert not out.has_ticks
    run = out.begin_run(target())
    assert out.refresh() is None
    told(run, 1)
    assert out.refresh() is not None
    assert out.has_ticks


def test_the_live_view_shows_the_next_run_compared_with_the_last_one() -> None:
    out = looking(runs=2)
    scene = out.refresh()
    assert out.run is out.runs.newest
    assert scene is not None
    assert scene.previous_run is not None
    assert scene.previous_run.number == 1
    assert change_of(scene.table) == [0, 10]


def test_the_view_of_the_past_stays_when_a_run_begins() -> None:
    out = looking()
    out.set_view_state(ViewState(at=1))
    shown = out.run
    out.begin_run(target())
    assert (out.run, out.view_state.at) == (shown, 1)
    assert not out.is_newest_run


def test_an_earlier_run_has_no_now_but_its_end() -> None:
    out = looking(runs=3)
    out.show_run(out.runs.stored[1], 2)
    for state in (
        out.view_state.seek(None),
        out.view_state.toggle_pause(out.shown_number),
        out.view_state.step(3, 4, 10),
    ):
        out.set_view_state(state)
        assert out.view_state.at == 4
    scene = out.refresh()
    assert scene is not None
    assert scene.snapshot.tick.ending == ExitStatus(status=0)
    assert scene.previous_run is not None
    assert scene.previous_run.number == 1


def test_the_first_run_is_compared_with_itself() -> None:
    out = looking(runs=2)
    out.show_run(out.runs.stored[0], 1)
    assert out.view_state.baseline == "previous"
    assert out.previous_run is None


def test_rows_are_sorted_again_in_another_run_in_the_order_that_was_chosen() -> None:
    out = looking()
    before = out.order
    before.frozen = True
    out.show_run(out.runs.stored[0])
    assert out.order is not before
    assert (out.order.sorting, out.order.frozen) == (Sorting("rss"), True)


def test_a_mapping_is_carried_over_when_its_like_is_there() -> None:
    out = looking()
    out.carried_mapping = 3
    run = out.begin_run(target())
    told(run, 1, at=900, ended=False)
    out.refresh()
    assert out.take_carried_mapping() is None
    rows = mappings_of((901, 902, "rw-p", APP, 4), (910, 990, "rw-p", HEAP, 9), texts=StringTable())
    run.timeline.append(tick_of(1, rows, [0, 44], keyframe=True))
    out.refresh()
    assert out.take_carried_mapping() == 44
    assert out.take_carried_mapping() is None
