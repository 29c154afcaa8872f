"""Who else maps an object: when that is requested."""

from smapstop.model.protocol import SharersReply
from smapstop.ui.pages.sharer_requests import ObjectSharers


def test_it_is_requested_once_and_then_now_and_then() -> None:
    sharers = ObjectSharers()

    assert sharers.is_due(3)
    assert not sharers.is_due(30), "a reply is pending"
    sharers.store_reply(SharersReply(7))
    assert [ticks for ticks in range(3, 12) if sharers.is_due(ticks)] == [8]
    assert sharers.reply == SharersReply(7)
