"""A real process whose pages others map and unmap: nothing of that looks like its own doing."""

import mmap
from contextlib import closing
from pathlib import Path

import numpy as np
from stepped_program import stepped_python

from smapstop.model.history.mapping_history import MappingHistory
from smapstop.model.protocol import Pace
from smapstop.model.tick import Tick
from smapstop.model.timeline.timeline import Timeline
from smapstop.model.view.view import View, derive_view
from smapstop.model.view.view_state import ViewState
from smapstop.proc.process import ProcDir
from smapstop.sampling.sampler import Sampler
from smapstop.text.lifecycle import last_change, others_text
from smapstop.text.mapping_detail import compared_ticks, field_rows, field_widths
from smapstop.text.status import figures_of
from smapstop.text.table_columns import COLUMNS, fit_columns
from smapstop.text.table_rows import RowText, build_rows

PAGES = 256
MAPS = """
import mmap
with open({path!r}, "r+b") as file:
    view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
sum(view[::4096])
step(); step()
"""


class Watched:
    """A process that maps a file, and its row."""

    def __init__(self, process: ProcDir, name: str) -> None:
        self.sampler, self.timeline = Sampler(process, Pace(budget=1.0)), Timeline()
        self.tick = self.sample()
        rows = self.tick.rows
        self.mapping = next(int(self.tick.ids[row]) for row in range(len(rows)) if rows.name_of(row) == name)

    def sample(self) -> Tick:
        self.tick = self.sampler.sample()
        self.timeline.append(self.tick)
        return self.tick

    @property
    def view(self) -> View:
        return derive_view(self.timeline, ViewState())

    @property
    def row(self) -> RowText:
        view = self.view
        (index,) = np.flatnonzero(view.table.ids == self.mapping)
        (row,) = build_rows(view, self.timeline, np.array([index]), fit_columns(COLUMNS, 240))
        return row

    def by_others(self) -> set[str]:
        """The fields that changed because of others."""
        history = MappingHistory(self.timeline, self.mapping)
        rows = field_rows(history, compared_ticks(history, self.view), field_widths(118))
        assert all(row.age is None for row in rows if row.by_others)
        return {row.name for row in rows if row.by_others}

    def reported(self) -> str:
        """What the detail says of others, without the time."""
        history = MappingHistory(self.timeline, self.mapping)
        assert last_change(history, self.tick.number) is None
        return others_text(history, self.tick.number).partition(": ")[2]


def test_a_file_that_another_process_maps_and_unmaps(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.write_bytes(bytes(PAGES * 4096))
    with stepped_python(MAPS.format(path=str(path))) as program, ProcDir(program.pid) as process:
        watched = Watched(process, str(path))
        with path.open("rb") as file, closing(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)) as ours:
            assert sum(ours[::4096]) == 0
            for others in ("others mapped the same pages", "others unmapped the same pages"):
                tick = watched.sample()
                (row,) = np.flatnonzero(tick.ids == watched.mapping)
                pss = tick.rows.get("pss")
                assert pss is not None
                assert pss[row] == (PAGES * 2 if "unmapped" not in others else PAGES * 4)
                assert not [event for event in tick.events if event.mapping == watched.mapping]
                assert (watched.row.age, any(watched.row.moves)) == (None, False)
                assert watched.by_others() & {"pss", "private_clean", "private_dirty"} > {"pss"}, "clean or dirty"
                assert watched.reported() == others
                assert {figure.label for figure in figures_of(watched.view) if figure.is_of_others} == {"Pss", "Uss"}
                ours.close()


def test_memory_that_the_process_takes_is_its_own() -> None:
    code = "import mmap; step(); held = mmap.mmap(-1, 4 << 20); held[:1 << 20] = bytes(1 << 20); step()"
    with stepped_python(code) as program, ProcDir(program.pid) as process:
        watched = Watched(process, "[heap]")
        program.go()
        watched.sample()
        changed = {figure.label: figure.is_of_others for figure in figures_of(watched.view) if figure.change}
        assert changed.items() >= {"Pss": False, "Uss": False}.items()
