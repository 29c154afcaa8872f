"""--watch in the hands of a user: a program that is built again is launched again, and compared with its last run."""

import subprocess
from pathlib import Path

from e2e.terminals import SMAPSTOP, Terminals

SOURCE = """
#include <unistd.h>
static char table[PAGES * 4096];
int main(void) { for (int i = 0; i < PAGES; i++) table[i * 4096] = 1; pause(); }
"""


def build(executable: Path, pages: int) -> None:
    """Build a program that writes so many pages of a table of its own, in the place of the one before."""
    command = ["cc", "-O0", f"-DPAGES={pages}", "-x", "c", "-", "-o", str(executable)]
    subprocess.run(command, input=SOURCE, text=True, check=True)


def test_a_rebuilt_program_begins_anew_and_is_compared_with_its_last_run(terminal: Terminals, tmp_path: Path) -> None:
    executable = tmp_path / "server"
    build(executable, 100)
    window = terminal(f"{SMAPSTOP} -i 0.2 --watch -- {executable}", columns=118, rows=40)
    window.wait_for(r"^A anon \S+ +rw-p +400 K +39\d K")

    build(executable, 160)

    window.wait_for(r"server  run 2 .*Δ run 1")
    window.wait_for(r"^A anon \S+ +rw-p +640 K +63\d K +\+240 K")
    window.keys("r")
    window.wait_for(r"▸ +2 .*goes on(.|\n)* 1 .*killed by SIGHUP")
    window.keys("Escape")
    window.wait_for("● live")
