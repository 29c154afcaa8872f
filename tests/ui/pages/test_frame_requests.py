"""The page frames behind the cell under the cursor: when they are asked for, and what is said of them."""

from typing import Any

import pytest

from smapstop.model.protocol import FramesReply, FramesRequest
from smapstop.text.pages import frames_text
from smapstop.ui.pages.frame_requests import PageFrames


def seen(start: int = 0, end: int = 4096, **counts: Any) -> FramesReply:
    return FramesReply(3, start, end, **counts)


def test_they_are_asked_for_once_in_a_tick_and_one_after_the_other() -> None:
    frames = PageFrames(3)
    assert frames.next_request((0, 4096), 1) == FramesRequest(3, 0, 4096)
    assert frames.next_request((4096, 8192), 1) is None, "an answer is awaited"
    frames.store_reply(seen())
    assert frames.next_request((0, 4096), 1) is None
    assert frames.next_request((4096, 8192), 1) == FramesRequest(3, 4096, 8192)
    frames.store_reply(seen(4096, 8192))
    assert frames.next_request((4096, 8192), 2) == FramesRequest(3, 4096, 8192)


def test_only_what_is_known_of_these_pages_is_reported() -> None:
    frames = PageFrames(3)
    assert frames.find((0, 4096)) is None
    frames.store_reply(seen())
    assert frames.find((0, 4096)) == seen()
    assert frames.find((0, 8192)) is None


@pytest.mark.parametrize(
    ("counts", "pages", "text"),
    [
        (
            {"missing_reason": "shown only to root"},
            1,
            "page frame: shown only to root (map count, dirty, referenced, KSM)",
        ),
        ({}, 1, "page frame: not in memory"),
        ({}, 8, "page frames: none in memory"),
        ({"pages": 1, "mapped_once": 1, "highest_map_count": 1}, 1, "page frame: map count 1 (exclusive)"),
        (
            {"pages": 1, "highest_map_count": 1200, "dirty": 1, "referenced": 1, "huge": 1, "ksm": 1},
            1,
            "page frame: map count 1,200, dirty, referenced, of a large folio, merged by KSM",
        ),
        (
            {"pages": 8, "mapped_once": 8, "highest_map_count": 1},
            8,
            "page frames: 8 in memory, map count 1 (exclusive)",
        ),
        ({"pages": 1}, 1, "page frame: map count not kept"),
        (
            {"pages": 8, "mapped_once": 3, "highest_map_count": 1},
            8,
            "page frames: 8 in memory, 3 exclusive, others without a map count",
        ),
        ({"pages": 8, "highest_map_count": 4}, 8, "page frames: 8 in memory, map count ≤ 4"),
        (
            {"pages": 2000, "mapped_once": 1500, "highest_map_count": 4, "dirty": 3},
            4096,
            "page frames: 2,000 in memory, 1,500 exclusive, others map count ≤ 4, 3 dirty",
        ),
    ],
)
def test_what_is_said(counts: dict[str, Any], pages: int, text: str) -> None:
    assert frames_text(seen(**counts), pages) == text
