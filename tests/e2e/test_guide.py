"""The guide in the hands of a user: from the command line, and from the help of the dashboard."""

import os
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminals


def test_a_chapter_opens_and_a_wrong_config_file_does_not_hide_it(terminal: Terminals, tmp_path: Path) -> None:
    (tmp_path / "smapstop").mkdir()
    (tmp_path / "smapstop" / "config.toml").write_text("sort = ")
    window = terminal(
        f"{SMAPSTOP} guide recipes", columns=80, rows=24, environment={"XDG_CONFIG_HOME": str(tmp_path)}
    )
    window.wait_for("Guide: recipes")
    window.wait_for("Which mapping is growing")
    window.press("n")
    window.wait_for("Guide: snapshots")
    window.press("q")
    assert window.status() == 0


def test_it_has_the_theme_and_the_keys_of_the_config_file(terminal: Terminals, tmp_path: Path) -> None:
    (tmp_path / "smapstop").mkdir()
    (tmp_path / "smapstop" / "config.toml").write_text('theme = "solarized-light"\n[keys]\nnext_chapter = "x"\n')
    window = terminal(f"{SMAPSTOP} guide keys", environment={"XDG_CONFIG_HOME": str(tmp_path)})
    window.wait_for("x next")
    window.wait_until(lambda: "48;2;238;232;213" in window.coloured_screen(), "base2 of Solarized")
    window.press("x")
    window.wait_for("Guide: mechanisms")
    window.press("q")
    assert window.status() == 0


def test_a_dumb_terminal_gets_the_text(terminal: Terminals) -> None:
    window = terminal(f"env TERM=dumb {SMAPSTOP} guide privileges", columns=118, rows=120)
    window.wait_for("^# Privileges")
    assert window.status() == 0


def test_the_help_of_the_dashboard_opens_it_and_escape_returns(terminal: Terminals) -> None:
    window = terminal(f"{SMAPSTOP} -p {os.getpid()}", columns=118, rows=40)
    window.wait_for("● live")
    window.press("?")
    window.wait_for("─ Help: the table ─.*\n(.*\n)*.*c guide")
    window.press("c")
    window.wait_for("Guide: contents")
    window.press("Escape")
    window.wait_for("─ Help: the table ─")
    window.press("q", "q")
    assert window.status() == 0
