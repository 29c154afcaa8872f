"""The place of a launched program: its terminal, framed by what runs in it and who has the keys."""

from textual.app import ComposeResult
from textual.containers import Vertical

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Launch, Pace
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.program_control import ProgramLauncher, Rebuilds
from smapstop.ui.widgets.program_pane import ProgramPane

RESTART_TEXT = "begins again …"


class ProgramDock(Vertical):
    """The program's pane in its frame.

    Args:
        terminal_fd: The master of the program's terminal.
        launching: What is launched.
        rebuilds: At each of them it begins anew.
    """

    DEFAULT_CSS = """
    ProgramDock {
      height: 14;
      border: round $foreground 35%; border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    ProgramDock:focus-within { border: round $accent; border-title-style: bold; border-subtitle-color: $accent; }
    """

    def __init__(self, terminal_fd: int, launcher: ProgramLauncher, rebuilds: Rebuilds | None = None) -> None:
        super().__init__()
        self._launcher, self._rebuilds = launcher, rebuilds
        self._pane = ProgramPane(terminal_fd)
        self._program_alive = True
        self._keys_reserved = False
        self.border_title = fmt.clip(" ".join(launcher.command), 60).replace("[", r"\[")
        self.border_subtitle = ""

    def compose(self) -> ComposeResult:
        """The terminal."""
        yield self._pane

    def on_mount(self) -> None:
        """Say who has the keys, and begin to watch for rebuilds."""
        self._show_key_owner()
        if self._rebuilds is not None:
            self.run_worker(self._restart_on_rebuilds(self._rebuilds))

    def on_program_pane_sized(self) -> None:
        """Launch the program, once, on a terminal that has its real size."""
        self._launcher.start()

    # who has the keys

    @property
    def is_alive(self) -> bool:
        """Whether there is a program to type to."""
        return self._program_alive

    @property
    def has_keys(self) -> bool:
        """Whether every key goes to the program, or to the next one."""
        # `has_focus` is told by a message, which comes later
        return self._keys_reserved or self.screen.focused is self._pane

    def give_keys(self) -> None:
        """Give the keys to the program, unless it is no more."""
        if self._program_alive:
            self.screen.set_focus(self._pane)  # at once: the next key may already be waiting

    def release_keys(self) -> None:
        """Take the keys from the program, also from one that is still to begin."""
        self._keys_reserved = False

    # the program

    def set_pace(self, pace: Pace) -> None:
        """Have the program sampled so when it begins again."""
        self._launcher.set_pace(pace)

    async def _restart_on_rebuilds(self, rebuilds: Rebuilds) -> None:
        """Start the program anew when it was rebuilt; who has the keys has them then, too."""
        try:
            async for _ in rebuilds():
                self._keys_reserved = self.has_keys
                await self._launcher.restart()
        except SmapstopError as error:
            self.app.notify(str(error), severity="error", markup=False, timeout=60)

    def show_start(self, number: int) -> None:
        """The program runs; the second time and later it is told apart from the one before."""
        self._launcher.note_start()
        if number > 1:
            self._program_alive = True
            self._pane.start_next_run(f"run {number}")
        if self._keys_reserved:
            self._keys_reserved = False
            self.give_keys()
        self._show_key_owner()

    def show_end(self, how: str) -> bool:
        """The program ended: say how, and keep what it wrote; whether that was meant to be, and it begins again."""
        self._launcher.note_end()
        self._program_alive = False
        waits = "" if self._rebuilds is None else ", waits for a rebuild"
        self.border_subtitle = RESTART_TEXT if self._launcher.is_restarting else how + waits
        return self._launcher.is_restarting

    def show_launch_failure(self, why: str) -> None:
        """The program could not begin again: say why."""
        self._launcher.note_launch_failure()
        self._keys_reserved = False
        self.border_subtitle = f"{why}; waits for a rebuild".replace("[", r"\[")

    def abandon_program(self, why: str) -> None:
        """Nothing more will be heard of the program."""
        self.workers.cancel_node(self)
        self.show_end(why)
        self.border_subtitle = why

    async def end_program(self) -> None:
        """End the program, and do not begin it again."""
        self.workers.cancel_node(self)
        await self._launcher.end()

    def on_descendant_focus(self) -> None:
        """Say who has the keys."""
        self._show_key_owner()

    def on_descendant_blur(self) -> None:
        """Say who has the keys."""
        self._show_key_owner()

    def _show_key_owner(self) -> None:
        if self._program_alive:
            type_key, back_key = (key_of(self.app, name).replace("[", r"\[") for name in ("program", "keys_back"))
            self.border_subtitle = (
                f"{back_key} leaves the program" if self.has_keys else f"press {type_key} to type into it"
            )
        self.app.refresh_bindings()


def build_dock(source: Source, launch: Launch, rebuilds: Rebuilds | None) -> ProgramDock:
    """The place of a program that is launched on the terminal of a source."""
    assert source.terminal_fd is not None
    return ProgramDock(source.terminal_fd, ProgramLauncher(source, launch), rebuilds)
