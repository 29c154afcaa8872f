"""Commands about marks, and what the moment shown is compared with."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from smapstop.errors import SmapstopError
from smapstop.model.marks import Mark, Unmark
from smapstop.model.view.view_state import Baseline
from smapstop.text.units import AUTO, process_format
from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.commands.moments import mark_of
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.screens.dashboard import MainScreen

_BASELINES: dict[str, Baseline] = {"previous": "previous", "start": "start", "mark": "mark", "run": "run"}


def _mark(screen: MainScreen, letter: str) -> None:
    """Mark the tick shown and the mapping under the cursor, and compare with it."""
    session, timeline = screen.session, screen.session.timeline
    if len(letter) > 1 or (letter and not letter.isalnum()):
        raise SmapstopError(f"{letter!r} is not a letter", "name a mark by one letter or digit, or by none")
    if session.run is None or not len(timeline):
        raise SmapstopError("there is nothing to mark yet")
    current = screen.views.table.current
    mapping = current if current is not None and current >= 0 else None  # a group is none
    mark = Mark(letter, max(session.shown_number, timeline.oldest), mapping)
    session.run.add_mark(mark)
    if session.is_newest_run:
        screen.request(mark)
    screen.change_view(session.view_state.compare_with_mark(mark.tick, letter))


def _unmark(screen: MainScreen, argument: str) -> None:
    """Remove the mark of a letter, or all; with nothing given the one without a letter, or the only one."""
    session = screen.session
    if not session.marks or session.run is None:
        raise SmapstopError("there are no marks")
    if argument == "all":
        letters = [mark.letter for mark in session.marks]
    elif argument or "" in session.run.marks or len(session.marks) > 1:
        letters = [mark_of(session, argument).letter]
    else:
        letters = [session.marks[0].letter]
    _remove(screen, letters)


def _remove(screen: MainScreen, letters: Sequence[str]) -> None:
    """Remove the marks of these letters; what was compared with one of them is compared with the previous reading."""
    session = screen.session
    for letter in letters:
        if session.run is not None:
            session.run.remove_mark(letter)
        if session.is_newest_run:
            screen.request(Unmark(letter))
    state = session.view_state
    is_gone = state.mark is not None and state.mark_letter in letters
    screen.change_view(state.without_mark() if is_gone else state)


def _complete_unmark(screen: MainScreen, _: str) -> Iterator[str]:
    yield from ("all", *(mark.letter for mark in screen.session.marks if mark.letter))


def _compare(screen: MainScreen, argument: str) -> None:
    """Compare with a baseline or a mark, or two marks with each other; with nothing given, the next baseline."""
    session, words = screen.session, argument.split()
    if not words:
        screen.action_compare()
    elif len(words) == 2 and all(len(word) == 1 for word in words):
        first, last = sorted(mark_of(session, letter).tick for letter in words)
        if first == last:
            raise SmapstopError(f"marks {words[0]} and {words[1]} are the same moment")
        screen.change_view(session.view_state.select_range(first, last))
    elif len(words) == 1 and (len(argument) == 1 or argument == "mark"):
        letter = "" if argument == "mark" else argument
        screen.change_view(session.view_state.compare_with_mark(mark_of(session, letter).tick, letter))
    else:
        baseline = _BASELINES[COMPARE.choose(argument, _BASELINES)]
        if baseline == "run" and session.previous_run is None:
            raise SmapstopError("there is no earlier run to compare with")
        screen.change_view(replace(session.view_state, baseline=baseline))


def _complete_compare(screen: MainScreen, argument: str) -> Iterator[str]:
    letters = [mark.letter for mark in screen.session.marks if mark.letter]
    first, space, _ = argument.partition(" ")
    if space and first in letters:
        yield from (f"{first} {letter}" for letter in letters if letter != first)
    else:
        yield from (*_BASELINES, *letters)


def _list_marks(screen: MainScreen, _: str) -> None:
    """Open the list of marks."""
    session = screen.session
    if not session.marks:
        raise SmapstopError("there are no marks", f"{key_of(screen.app, 'mark')} and a letter sets one")
    from smapstop.ui.screens.marks import MarksScreen

    def go(mark: Mark | None) -> None:
        if mark is not None:
            screen.go_to_moment(mark.tick, mark.mapping)

    def remove(mark: Mark) -> None:
        _remove(screen, [mark.letter])

    unit = AUTO if session.view is None else process_format(session.view)
    screen.app.push_screen(MarksScreen(session.marks, session.timeline, session.shown_number, unit, remove), go)


def _cause(screen: MainScreen, _: str) -> None:
    """Put the cursor on the mapping that was marked at the moment shown, or that changed it most."""
    session, number = screen.session, screen.session.shown_number
    marked = next((mark.mapping for mark in session.marks if mark.tick == number and mark.mapping is not None), None)
    known = number in range(session.timeline.oldest, len(session.timeline))
    mapping = session.activity.main_mapping(number) if marked is None and known else marked
    if mapping is None:
        raise SmapstopError("nothing happened to a mapping at this moment")
    screen.go_to_moment(session.view_state.at, mapping)


CAUSE = ScreenCommand("cause", "", "Go to the mapping that was marked at this moment, or changed most.", _cause)
MARK = ScreenCommand("mark", "[LETTER]", "Mark the moment shown, and compare with it.", _mark)
UNMARK = ScreenCommand(
    "unmark",
    "[LETTER|all]",
    "Remove a mark, by default the one without a letter, or the only one.",
    _unmark,
    _complete_unmark,
)
MARKS = ScreenCommand("marks", "", "List the marks; enter goes to one, delete removes it.", _list_marks)
COMPARE = ScreenCommand(
    "compare",
    "[start|previous|LETTER|A B]",
    "Compare with that, or one mark with another.",
    _compare,
    _complete_compare,
)
