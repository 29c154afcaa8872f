"""Commands about the family of the process."""

from smapstop.ui.commands.command import ScreenCommand
from smapstop.ui.screens.dashboard import MainScreen


def _show_family(screen: MainScreen, _: str) -> None:
    """Open the family."""
    screen.member_watch.show_family()


FAMILY = ScreenCommand(
    "family",
    "",
    "Show the processes of the family, and who broke the sharing.",
    _show_family,
    available=lambda screen: not screen.recorded or screen.session.family.log.last is not None,
)
