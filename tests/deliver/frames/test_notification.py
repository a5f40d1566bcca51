"""Notifications: whatever one holds, it is one chunk with one server-sent event, and one more unread."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.deliver.frames import MAX_CACHED, NOT_SHOWN, NotificationFrame, frame_of
from lumen_notify.deliver.frames.chunks import chunk
from lumen_notify.deliver.frames.count_shape import CountShape
from lumen_notify.model import Counts, to_json
from lumen_notify.model.shared_text import SharedText

from .events import ID, counters, event, json_values, read_one, texts


def one(**fields: Any) -> NotificationFrame:
    frame = frame_of(event(**fields), "epoch")
    assert isinstance(frame, NotificationFrame)
    return frame


@given(content=texts, data=json_values, category=texts, total=st.integers(0, 10**12))
def test_no_content_can_break_a_frame(content: str, data: Any, category: str, total: int) -> None:
    fields = read_one(
        one(content=content, data=data, category=category).render_replay(counters(like=total), "ann")
    )
    assert set(fields) == {"id", "data"}, "without `event:`, so that onmessage gets it"
    assert fields["id"] == ID
    assert json.loads(fields["data"]) == {
        "type": category,
        "unread_count": total,
        "data": {"content": content, "data": data},
    }


@given(st.lists(st.integers(0, 12_000), max_size=20), st.booleans())
def test_count_is_the_only_thing_that_differs_by_user(totals: list[int], is_forgetful: bool) -> None:
    frame = one()
    for before in totals:
        total = before + 1
        data = b'{"type":"like","unread_count":%d,"data":{"content":"hi"}}' % total
        payload = b"id: %b\ndata: %b\n\n" % (ID.encode(), data)
        after, chunks = frame.apply(counters(follow=before), "ann")
        assert chunks == chunk(payload) == frame.render_replay(after, "ann")
        assert (after.total, after.categories["like"]) == (total, 1)
        if is_forgetful:
            frame.clear_cache()


def test_users_with_the_same_count_share_the_bytes() -> None:
    frame = one()
    likes, follows = CountShape.of(counters(like=4)), CountShape.of(counters(follow=4))
    assert frame.apply_compact(likes, 4, "ann")[2] is frame.apply_compact(follows, 4, "bob")[2]


@given(
    st.dictionaries(st.sampled_from(["like", "follow", "news"]), st.integers(1, 5), max_size=3),
    st.sets(st.sampled_from(["like", "follow"])),
)
def test_next_shape_agrees_with_apply(numbers: dict[str, int], silent: set[str]) -> None:
    frame = one()
    before = Counts(
        {n: k for n, k in numbers.items() if n not in silent}, {"r": 2}, frozenset(silent), {"r": 1}
    )
    after, chunks = frame.apply(before, "ann")
    spread = frame.next_shape(CountShape.of(before))
    if spread is None:
        assert chunks == NOT_SHOWN
        return
    followed = spread.counts(before.total + 1)
    assert (followed.as_fields(), followed.silent, followed.since) == (
        after.as_fields(),
        after.silent,
        after.since,
    )
    assert frame.encode(followed.total) == chunks


def test_silenced_category_is_neither_counted_nor_shown() -> None:
    deaf = Counts({"follow": 2}, {}, frozenset({"like"}))
    assert one().apply(deaf, "ann") == (deaf, NOT_SHOWN)
    assert one().render_replay(deaf, "ann") == NOT_SHOWN


def test_caches_are_bounded_and_can_be_cleared() -> None:
    frame = one()
    for total in range(MAX_CACHED + 10):
        frame.encode(total)
        frame.next_shape(CountShape.of(Counts({"follow": 1, "news": total + 2}, {})))
    assert (len(frame.next_shapes), len(frame.encoded)) == (MAX_CACHED, MAX_CACHED)
    frame.clear_cache()
    assert [frame.next_shapes, frame.encoded, frame._openings] == [{}, {}, {}]


def test_shared_text_is_shown_in_its_place() -> None:
    text = SharedText(id="t", text='"content":"\u2028 hi"')
    own = {"id": "n", "category": "like", "text_id": "t", "created_at": "now"}
    whole = {"id": "n", "category": "like", "content": "\u2028 hi", "created_at": "now"}
    for kind in ("notification", "notification_edited"):
        frames = []
        for data, shared in ((own, (text,)), (whole, ())):
            body = to_json(data if kind == "notification" else {"data": data})
            frames.append(frame_of(replace(event(kind, category="like"), body=body, shared=shared), "epoch"))
        assert frames[0].size_bytes == frames[1].size_bytes
        assert frames[0].apply(counters(), "ann") == frames[1].apply(counters(), "ann")
        replayed = [frame.render_replay(counters(like=3), "ann") for frame in frames]
        assert replayed[0] == replayed[1] != b""
