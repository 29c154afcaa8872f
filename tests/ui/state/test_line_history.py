"""Lines typed before are found again."""

from smapstop.ui.state.line_history import MAX_LINES, LineHistory


def test_a_walk_visits_the_lines_that_begin_as_typed_and_comes_back_to_that() -> None:
    history = LineHistory(["sort rss", "group kind", "sort pss"])
    assert history.step("so", -1) == "sort pss"
    assert history.step("sort pss", -1) == "sort rss"
    assert history.step("sort rss", -1) == "sort rss"
    assert history.step("sort rss", 1) == "sort pss"
    assert history.step("sort pss", 1) == "so"
    assert history.step("so", 1) == "so"


def test_another_text_begins_another_walk() -> None:
    history = LineHistory(["sort rss", "group kind"])
    assert history.step("", -1) == "group kind"
    assert history.step("s", -1) == "sort rss"


def test_a_line_that_is_entered_again_is_the_newest_and_stands_once() -> None:
    history = LineHistory(["a", "b"])
    history.add("a")
    history.add("")
    assert history.lines == ("b", "a")


def test_only_the_newest_lines_are_kept() -> None:
    history = LineHistory(str(number) for number in range(MAX_LINES + 5))
    history.add("last")
    assert (len(history.lines), history.lines[0], history.lines[-1]) == (MAX_LINES, "6", "last")
