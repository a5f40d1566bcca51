"""WithdrawnFrame: an event without its text counts as before, and is not shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lumen_notify.deliver.frames import NOT_SHOWN, frame_of
from lumen_notify.deliver.frames.withdrawn import WithdrawnFrame
from lumen_notify.model import Audience, Counts, Event
from lumen_notify.model.events import MessageEdited, MessageSent, NotificationPublished, Payload

COUNTS = Counts({"like": 2}, {"tea": 1}, frozenset(), {"tea": 3})


def event(audience: str, payload: Payload) -> Event:
    category = "like" if payload.kind == "notification" else None
    return Event(
        position=7,
        audience=Audience(audience),
        kind=payload.kind,
        category=category,
        body=payload.encode(),
        created_at=0,
    )


@pytest.mark.parametrize(
    ("audience", "whole", "withdrawn"),
    [
        (
            "user:ann",
            NotificationPublished(notification='{"id":"n"}'),
            NotificationPublished(notification="{}"),
        ),
        (
            "room:tea",
            MessageSent(sender_id="b", message='{"id":"m"}'),
            MessageSent(sender_id="b", message="{}"),
        ),
        (
            "room:tea",
            MessageSent(sender_id="ann", message='{"id":"m"}'),
            MessageSent(sender_id="ann", message="{}"),
        ),
        ("room:tea", MessageEdited(data={"id": "m"}), MessageEdited(data={})),
    ],
    ids=["notification", "message", "own message", "edit"],
)
def test_withdrawn_event_counts_as_before_and_is_not_shown(
    audience: str, whole: Payload, withdrawn: Payload
) -> None:
    frame = frame_of(event(audience, withdrawn), "e")
    after, chunks = frame_of(event(audience, whole), "e").apply(COUNTS, "ann")
    assert chunks != NOT_SHOWN
    assert isinstance(frame, WithdrawnFrame)
    assert frame.apply(COUNTS, "ann") == (after, NOT_SHOWN)
    assert frame.render_replay(COUNTS, "ann") == NOT_SHOWN
    assert frame.size_bytes < 1000
    frame.clear_cache()


def test_event_of_a_list_is_shown_to_those_from_whom_it_was_not_withdrawn() -> None:
    whole = event("list", NotificationPublished(notification='{"id":"n"}'))
    frame = frame_of(replace(whole, users=("ann", "bob"), withdrawn=frozenset(["bob"])), "e")
    (counts, shown), (others, hidden) = (frame.apply(COUNTS, user) for user in ("ann", "bob"))
    assert counts == others == COUNTS.with_one_more("like")
    assert (shown != NOT_SHOWN, hidden) == (True, NOT_SHOWN)
    assert [frame.render_replay(COUNTS, user) != NOT_SHOWN for user in ("ann", "bob")] == [True, False]
