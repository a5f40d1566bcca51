"""Reader: the command of each envelope, and the refusal of what is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lumen_notify.commit.marks.marks import Mark
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.read_marks import MarkRoomRead
from lumen_notify.errors import Invalid, TooLarge
from lumen_notify.http.context import Limits
from lumen_notify.intake.reader import Expired, read
from lumen_notify.model import rfc3339

from .fake_source import incoming, notification

NOW = 1_800_000_000_000
LIMITS = Limits(max_body_bytes=2000, max_content_characters=100, max_batch_rows=10, max_rooms=0)


def command(envelope: object, *, at: int | None = None) -> Any:
    return read(incoming(1, envelope, at=at), LIMITS, NOW).command


def refusal(envelope: object) -> Invalid:
    refused = command(envelope)
    assert isinstance(refused, Invalid)
    return refused


def test_notification_is_published_as_by_the_application() -> None:
    publish = command(notification(data={"order": 7}))
    assert isinstance(publish, Publish)
    (publication,) = publish.publications
    assert publication.owner == "system"
    assert publication.fields["sender"] == {"id": "system", "username": "system", "avatar": None}
    assert publication.fields["data"] == {"order": 7}
    assert publication.required_moderator is None
    named = command({**notification(sender={"id": "bob"}), "publisher": "shop"}).publications[0]
    assert (named.owner, named.fields["sender"]["id"]) == ("shop", "bob")


def test_list_is_one_publish() -> None:
    body = [notification(f"u{number}")["body"] for number in range(3)]
    assert len(command({"type": "notifications", "body": body}).publications) == 3
    many = refusal({"type": "notifications", "body": [*body, *body, *body, *body]})
    assert many.faults[0].field == "to.users"
    assert refusal({"type": "notifications", "body": []}).faults[0].field == "body"


def test_messages_and_marks_act_as_the_user_whom_they_name() -> None:
    sent = command({"type": "message", "sender": "bob", "room": "r", "body": {"content": "hi"}})
    assert isinstance(sent, SendMessage)
    assert (sent.sender_id, sent.room_id) == ("bob", "r")
    direct = command({"type": "direct_message", "sender": "bob", "body": {"to": "ann", "content": "hi"}})
    assert isinstance(direct, SendDirectMessage)
    assert direct.to == "ann"
    read_room = command({"type": "room_read", "user": "bob", "room": "r", "body": {"up_to": 3}})
    assert read_room == MarkRoomRead(room_id="r", user_id="bob", up_to=3)
    for action in ("read", "seen", "unread", "archive", "unarchive"):
        mark = command({"type": action, "user": "bob", "body": {"category": "like", "up_to": 4}})
        assert isinstance(mark, Mark)
        assert (mark.user_id, mark.action) == ("bob", action)
        assert mark.selection.as_fields() == {"category": "like", "up_to": 4}


@pytest.mark.parametrize(
    ("envelope", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        (b'"notification"', "body"),
        ({}, "type"),
        ({"type": "party"}, "type"),
        ({"type": 7}, "type"),
        (notification(content=""), "body.content"),
        (notification(colour="red"), "body.colour"),
        ({**notification(), "colour": "red"}, "colour"),
        ({"type": "notification"}, "body"),
        (notification(content="x" * 101), "body.content"),
        ({"type": "read", "body": {"all": True}}, "user"),
        ({"type": "read", "user": "bob", "body": {}}, "body"),
        ({"type": "direct_message", "sender": "bob", "body": {"to": "bob", "content": "hi"}}, "to"),
        (b'{"type":"notification","body":' + b"[" * 900 + b"]" * 900 + b"}", "body"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(envelope: object, field: str) -> None:
    assert [fault.field for fault in refusal(envelope).faults][:1] == [field]


def test_unknown_type_is_not_repeated() -> None:
    refused = refusal({"type": "secret-1234"})
    assert "secret-1234" not in str(refused)
    assert "must be one of notification," in str(refused)


def test_message_over_the_limit_is_too_large_and_not_read() -> None:
    assert isinstance(command(b"x" * 2001), TooLarge)
    assert "2001" in str(command(b"x" * 2001))


def test_message_is_known_by_the_id_of_the_broker_and_by_its_key() -> None:
    (own,) = read(incoming(5, notification()), LIMITS, NOW).ids
    assert (own.source, own.id, own.digest) == ("fake:events:0", "5@1", None)
    keyed = {**notification(), "idempotency_key": "order-7"}
    own, key = read(incoming(5, keyed), LIMITS, NOW).ids
    assert (key.source, key.id) == ("key:events", "order-7")
    (_, other) = read(incoming(5, {**keyed, "publisher": "shop"}), LIMITS, NOW).ids
    assert other.digest != key.digest
    (refused,) = read(incoming(5, b"{"), LIMITS, NOW).ids
    assert refused == own


def test_id_that_no_database_takes_is_hashed() -> None:
    for id_ in ("a\x00b", "\ud83d", "x" * 201):
        (own,) = read(replace(incoming(5, notification()), id=id_), LIMITS, NOW).ids
        assert len(own.id) == 64
        assert own.id.isalnum()


def test_times_are_checked_as_of_when_the_message_was_written() -> None:
    soon = notification(deliver_at=rfc3339(NOW - 1000))
    assert isinstance(command(soon), Invalid)
    assert command(soon, at=NOW - 2000).publications[0].deliver_at == NOW - 1000
    assert isinstance(command(soon, at=NOW + 10**9), Invalid)  # by a clock that is ahead
    late = notification(deliver_at=rfc3339(NOW + 1000))
    assert isinstance(command(late, at=1), Publish)  # by a clock that was never set


def test_what_expired_while_it_waited_is_dropped() -> None:
    gone = notification(expires_at=rfc3339(NOW - 1000))
    assert isinstance(command(gone), Invalid)
    assert isinstance(command(gone, at=NOW - 2000), Expired)
    both = {"type": "notifications", "body": [gone["body"], notification("bob")["body"]]}
    assert len(command(both, at=NOW - 2000).publications) == 1
