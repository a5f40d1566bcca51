"""Room frames: each member sees their own counts; an excluded user gets no frame."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lumen_notify.deliver.frames import NOT_SHOWN, Frame, frame_of
from lumen_notify.model import Audience, Counts, Event, to_json

from .events import read_one

DATA = {"room_id": "r", "n": 1, "user_id": "bob", "from_seq": 1, "up_to": 2, "ids": ["m"]}


def frame(kind: str, **body: Any) -> Frame:
    text = to_json({"data": DATA, **body})
    event = Event(position=7, audience=Audience("room:r"), kind=kind, category=None, body=text, created_at=0)
    return frame_of(event, "epoch")


def before(unread: int = 2) -> Counts:
    return Counts({"like": 3}, {"r": unread, "s": 1})


@pytest.mark.parametrize(("user", "unread"), [("ann", 0), ("bob", 3), ("eve", 3)])
def test_a_message_is_one_more_for_all_but_its_sender(user: str, unread: int) -> None:
    after, chunks = frame("message", sender_id="ann").apply(before(), user)

    assert after.rooms == {"r": unread, "s": 1}
    fields = read_one(chunks)
    assert "event" not in fields
    assert json.loads(fields["data"]) == {
        "type": "chat",
        "unread_count": 4 + unread,
        "room": {"id": "r", "unread": unread},
        "data": DATA,
    }


def test_excluded_user_has_read_the_message_and_does_not_get_it() -> None:
    message = frame("message", sender_id="ann", exclude_user_id="bob")

    after, chunks = message.apply(before(), "bob")
    assert (after.rooms, chunks) == ({"r": 0, "s": 1}, NOT_SHOWN)
    assert message.render_replay(before(), "bob") == NOT_SHOWN
    assert message.render_replay(before(), "eve") != NOT_SHOWN
    assert message.apply(before(), "eve")[0].rooms == {"r": 3, "s": 1}


@pytest.mark.parametrize(("user", "unread"), [("ann", 2), ("bob", 1)])
def test_read_event_states_the_readers_count_and_shows_each_member_their_own(user: str, unread: int) -> None:
    after, chunks = frame("room_read", user_id="bob", unread=1).apply(before(), user)

    assert after.rooms == {"r": unread, "s": 1}
    fields = read_one(chunks)
    assert fields["event"] == "read"
    shown = json.loads(fields["data"])
    assert (shown["unread_count"], shown["room"]) == (4 + unread, {"id": "r", "unread": unread})


@pytest.mark.parametrize("kind", ["message_edited", "message_deleted"])
def test_a_change_of_a_message_changes_no_number(kind: str) -> None:
    counters = before()

    after, chunks = frame(kind).apply(counters, "bob")

    assert after is counters
    fields = read_one(chunks)
    assert fields["event"] == kind
    assert json.loads(fields["data"]) == {"data": DATA}
