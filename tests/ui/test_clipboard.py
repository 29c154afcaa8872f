"""The clipboard: how much a terminal takes, and what to set where it takes nothing."""

import pytest

from smapstop.ui.clipboard import MAX_BYTES, fit_text, refusal_hint


def test_what_is_too_long_ends_with_a_whole_line() -> None:
    lines = "\n".join(f"line {number}" for number in range(20_000))
    kept = fit_text(lines)
    assert lines.startswith(kept + "\n")
    assert MAX_BYTES - 12 < len(kept.encode()) <= MAX_BYTES
    assert fit_text(kept) == kept
    assert fit_text("ü" * MAX_BYTES) == "ü" * (MAX_BYTES // 2)


@pytest.mark.parametrize(
    ("environment", "hint"),
    [
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iTerm2"),
        ({"TERM": "xterm-kitty"}, "clipboard_control"),
        ({"TERM": "xterm-256color", "XTERM_VERSION": "XTerm(390)"}, "disallowedWindowOps"),
        ({"TERM": "tmux-256color"}, "set-clipboard on"),
        ({"TERM": "xterm-256color"}, "smapstop guide keys"),
        ({}, "smapstop guide keys"),
    ],
)
def test_the_hint_is_that_of_the_terminal(environment: dict[str, str], hint: str) -> None:
    assert hint in refusal_hint(environment)
