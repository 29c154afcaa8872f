"""Dialog with the threads of the process: their CPU time, and where their stacks are and how large."""

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from smapstop.model.protocol import Request, ThreadsReply, ThreadsRequest
from smapstop.text.threads import THREAD_ORDERS, ThreadOrder, recorded_thread_rows, stack_format_of, thread_rows
from smapstop.ui.keys.bindings import bindings
from smapstop.ui.keys.key_app import key_of
from smapstop.ui.messages import ThreadsRead
from smapstop.ui.screens.modal import Modal
from smapstop.ui.state.session import Session
from smapstop.ui.widgets.thread_list import ThreadList

_INTERVAL_SECONDS = 1.0
"""Time between readings while the dialog is open."""


class ThreadsScreen(Modal[int | None]):
    """Lists the threads, read again every second; of the past what is known of their stacks.

    The result is the mapping of the stack that the user selected; None for none.

    Args:
        session: State of the session.
        request: Sends a request to where the threads are read.
        order: What they are sorted by at first.
        is_live: Whether the process is shown as it is now.
    """

    DEFAULT_CSS = """
    ThreadsScreen > .box { height: 80%; padding: 0; }
    ThreadsScreen.-low > .box { height: 100%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("threads")]

    def __init__(
        self, session: Session, request: Callable[[Request], object], order: ThreadOrder, *, is_live: bool
    ) -> None:
        super().__init__()
        self._session, self._send, self._order, self._is_live = session, request, order, is_live
        self._reply: ThreadsReply | None = None
        self._is_waiting = False

    def compose(self) -> ComposeResult:
        """Compose the list."""
        back, order = key_of(self.app, "back"), key_of(self.app, "sort")
        with Vertical(classes="box") as box:
            box.border_title = "Threads"
            box.border_subtitle = f"enter its stack   {order} sort by stack, CPU, …   {back} close"
            yield ThreadList(self._order)

    def on_mount(self) -> None:
        """Read the threads regularly; for the past, show what is known."""
        if self._is_live:
            self._request()
            self.set_interval(_INTERVAL_SECONDS, self._request)
            return
        view = self._session.view
        if view is not None:
            number = view.snapshot.tick.number
            rows = recorded_thread_rows(self._session.timeline.stacks_at(number), view.snapshot)
            self._list.show(rows, "no stacks of threads are known at this moment", stack_format_of(view))
            self._fit(max(1, len(rows)))
            self._box.border_title = "Threads then: their stacks; states and CPU time are known only live"

    @property
    def _list(self) -> ThreadList:
        return self.query_one(ThreadList)

    @property
    def _box(self) -> Vertical:
        return self.query_one(Vertical)

    def _request(self) -> None:
        """Request the threads, unless a reply is due."""
        if not self._is_waiting:
            self._is_waiting = True
            self._send(ThreadsRequest())

    @on(ThreadsRead)
    def show_reply(self, message: ThreadsRead) -> None:
        """Show the threads of a reply, with the CPU time since the one before."""
        self._is_waiting = False
        reply, run, view = message.reply, self._session.run, self._session.view
        if run is None or view is None:
            return
        snapshot = self._session.timeline.at(len(self._session.timeline) - 1)
        rows = thread_rows(reply, self._reply, snapshot, run.target.clock_ticks)
        self._list.show(rows, reply.missing_reason, stack_format_of(view))
        more = (
            f"{reply.total:,}, the first {len(reply.tids):,}" if reply.total > len(reply.tids) else f"{reply.total}"
        )
        self._box.border_title = f"Threads: {more}"
        self._reply = reply
        self._fit(len(reply.tids))

    def _fit(self, count: int) -> None:
        """Make the dialog as large as its lines need, as far as there is room."""
        self._box.styles.width = self._list.cells + 4
        frame, titles = 2, 1
        most = self.size.height if self.has_class("-low") else self.size.height * 4 // 5
        self._box.styles.height = min(most, count + frame + titles)

    @on(ThreadList.ThreadSelected)
    def select(self, message: ThreadList.ThreadSelected) -> None:
        """Close with the mapping of the thread's stack."""
        if message.row.mapping is None:
            self.notify("where its stack is, is not known (yet)", timeout=3)
        else:
            self.dismiss(message.row.mapping)

    def action_next_order(self) -> None:
        """Sort by the next column."""
        at = THREAD_ORDERS.index(self._list.order)
        self._list.sort(THREAD_ORDERS[(at + 1) % len(THREAD_ORDERS)])

    def action_open(self) -> None:
        """Select the thread under the cursor."""
        self._list.action_open()
