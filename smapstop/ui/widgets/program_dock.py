"""Dock of the launched program: its terminal in a frame with its command, its state and who has the keys."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from smapstop.errors import SmapstopError
from smapstop.model.protocol import Launch, Pace
from smapstop.source.base import Source
from smapstop.text import format as fmt
from smapstop.ui.keys.hints import BORDER_END, hint_key
from smapstop.ui.keys.key_app import key_of, keys_of
from smapstop.ui.program_control import ProgramLauncher, Rebuilds
from smapstop.ui.widgets.program_pane import ProgramPane

RESTART_TEXT = "restarting …"


class ProgramDock(Vertical):
    """The program's pane in its frame.

    Args:
        terminal_fd: The master of the program's terminal.
        launcher: Launches the program.
        rebuilds: Rebuilds of the program; it is restarted after each.
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
        """Compose the terminal."""
        yield self._pane

    def on_mount(self) -> None:
        """Show who has the keys, and start watching for rebuilds."""
        self._show_key_owner()
        if self._rebuilds is not None:
            self.run_worker(self._restart_on_rebuilds(self._rebuilds))

    def on_program_pane_closed(self) -> None:
        """Show that there is nothing to type into."""
        self._show_key_owner()

    def on_program_pane_sized(self) -> None:
        """Launch the program, once, when its terminal has its real size."""
        self._launcher.start()

    # who has the keys

    @property
    def is_alive(self) -> bool:
        """Whether a program runs."""
        return self._program_alive

    @property
    def can_be_typed_into(self) -> bool:
        """Whether a program runs that has its terminal open."""
        return self._program_alive and self._pane.can_focus

    @property
    def has_keys(self) -> bool:
        """Whether every key goes to the program, or to its next run."""
        # not `has_focus`: it is updated by a message, which comes later
        return self._keys_reserved or self.screen.focused is self._pane

    def give_keys(self) -> None:
        """Give the keys to the program, if it is running."""
        if self._program_alive:
            self.screen.set_focus(self._pane)  # at once: the next key may already be waiting

    def release_keys(self) -> None:
        """Stop reserving the keys for the next run of the program."""
        self._keys_reserved = False

    @property
    def command(self) -> tuple[str, ...]:
        """Command line of the program."""
        return self._launcher.command

    # the program

    def set_dimmable(self, dimmable: bool) -> None:
        """Draw the terminal so that a dialog can dim it, or as usual again."""
        self._pane.set_dimmable(dimmable)

    def set_pace(self, pace: Pace) -> None:
        """Set the pace of sampling for the next launch."""
        self._launcher.set_pace(pace)

    async def _restart_on_rebuilds(self, rebuilds: Rebuilds) -> None:
        """Restart the program after each rebuild; the keys stay where they are."""
        try:
            async for _ in rebuilds():
                self._keys_reserved = self.has_keys
                await self._launcher.restart()
        except SmapstopError as error:
            self.app.notify(str(error), severity="error", markup=False, timeout=60)

    async def run_again(self) -> None:
        """End the program if it runs, and start it again, unless that is under way."""
        if not self._launcher.is_restarting:
            await self._launcher.restart()

    def show_start(self, number: int) -> None:
        """Show that a run has started; from the second on, its output begins below a title."""
        self._launcher.note_start()
        if number > 1:
            self._program_alive = True
            self._pane.start_next_run(f"run {number}")
        if self._keys_reserved:
            self._keys_reserved = False
            self.give_keys()
        self._show_key_owner()

    def show_end(self, how: str) -> bool:
        """Show how the program ended; its output stays.

        Returns:
            Whether it was ended to be restarted.
        """
        self._launcher.note_end()
        self._program_alive = False
        text = RESTART_TEXT if self._launcher.is_restarting else f"{how}{self._next_step}"
        self.border_subtitle = text.replace("[", r"\[")
        self.app.refresh_bindings()  # there is nothing left to type into
        return self._launcher.is_restarting

    def show_launch_failure(self, why: str) -> None:
        """Show why the program could not be restarted."""
        self._launcher.note_launch_failure()
        self._keys_reserved = False
        self.border_subtitle = f"{why}{self._next_step}".replace("[", r"\[")

    @property
    def _next_step(self) -> str:
        """What starts the program again."""
        key = f"{key_of(self.app, 'run_again')}: run again"
        return f" · {key}" if self._rebuilds is None else f", waiting for a rebuild · {key}"

    def abandon_program(self, why: str) -> None:
        """Show why the program is no longer watched, and stop restarting it."""
        self.workers.cancel_node(self)
        self.show_end(why)
        self.border_subtitle = why

    async def end_program(self) -> None:
        """End the program, and stop restarting it."""
        self.workers.cancel_node(self)
        await self._launcher.end()

    def on_click(self, event: events.Click) -> None:
        """Press the key of a hint on the lower border that was clicked."""
        text = Content.from_markup(self.border_subtitle or "").plain
        key = hint_key(text, event.screen_x - (self.region.right - BORDER_END - fmt.cell_width(text)))
        if event.screen_y == self.region.bottom - 1 and key is not None:
            self.app.simulate_key(key)

    def on_descendant_focus(self) -> None:
        """Show who has the keys."""
        self._show_key_owner()

    def on_descendant_blur(self) -> None:
        """Show who has the keys."""
        self._show_key_owner()

    def _show_key_owner(self) -> None:
        if self._program_alive:
            typing, whole = key_of(self.app, "program"), key_of(self.app, "zoom_program")
            if self.has_keys:
                text = f"{keys_of(self.app, 'keys_back')} leaves the program"
            elif self.can_be_typed_into:
                text = f"press {typing} to type into it · {whole}: on the whole screen"
            else:
                text = "its terminal is closed"
            self.border_subtitle = text.replace("[", r"\[")
        self.app.refresh_bindings()


def build_dock(source: Source, launch: Launch, rebuilds: Rebuilds | None) -> ProgramDock:
    """Build the dock of a program that is launched on the terminal of a source."""
    assert source.terminal_fd is not None
    return ProgramDock(source.terminal_fd, ProgramLauncher(source, launch), rebuilds)
