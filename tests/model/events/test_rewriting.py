"""Rewriting: an event with another text is the same event otherwise, whatever its text was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.model import to_json
from lumen_notify.model.events import (
    PAYLOADS,
    PREFIX_CHARACTERS,
    WITHDRAWN,
    DigestDelivered,
    EventsRewritten,
    MessageEdited,
    MessageSent,
    NotificationEdited,
    NotificationPublished,
    NotificationUpdated,
    Payload,
    decode,
    rewritten_body,
    text_ids_in,
    without_texts,
)
from lumen_notify.model.events import rewriting as module

from .examples import COUNTS, assert_stored_as, event

BODIES: dict[type[Payload], dict[str, Any]] = {EventsRewritten: {"positions": [3, 4]}}

user_ids = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128
) | st.sampled_from(['","data":', ',"data":{', "\\", '"' * 128])
messages = st.dictionaries(
    st.sampled_from(["id", "data", "content", ',"data":']),
    st.text(max_size=9) | st.dictionaries(st.text(max_size=5), st.integers(0, 3), max_size=2),
    max_size=4,
)


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_stored_body_stays_as_it_is(kind: type[Payload]) -> None:
    assert_stored_as(kind, BODIES[kind])


def test_each_kind_of_the_module_is_here() -> None:
    assert set(BODIES) == {kind for kind in PAYLOADS if kind.__module__ == module.__name__}


@given(user_ids, st.none() | user_ids, messages, messages)
def test_message_with_another_text_is_from_the_same_sender(
    sender: str, excluded: str | None, old: dict[str, Any], new: dict[str, Any]
) -> None:
    sent = MessageSent(sender_id=sender, message=to_json(old), exclude_user_id=excluded)
    body = rewritten_body("message", sent.encode()[:PREFIX_CHARACTERS], to_json(new))
    expected = MessageSent(sender_id=sender, message=to_json(new), exclude_user_id=excluded)
    assert decode(event("message", "room:tea", body)) == expected


@pytest.mark.parametrize(
    ("payload", "audience"),
    [
        (MessageSent(sender_id="ann", message='{"id":"m","data":{"a":1}}'), "room:tea"),
        (MessageEdited(data={"id": "m", "data": {"a": 1}}), "room:tea"),
        (NotificationPublished(notification='{"id":"n","data":{"a":1}}'), "user:ann"),
        (NotificationEdited(data={"id": "n", "data": {"a": 1}}), "user:ann"),
        pytest.param(
            NotificationEdited(position=7, data={"id": "n", "data": {"a": 1}}), "room:tea", id="to a room"
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_withdrawn_event_has_no_text_and_is_read(payload: Payload, audience: str) -> None:
    assert not payload.is_withdrawn
    body = rewritten_body(payload.kind, payload.encode(), WITHDRAWN)
    assert len(body) < 40
    read = decode(event(payload.kind, audience, body))
    assert type(read) is type(payload)
    assert read.is_withdrawn


def test_update_and_digest_keep_their_counts_with_another_text() -> None:
    update = NotificationUpdated.of(COUNTS, {"id": "n", "content": "old"})
    read = decode(event("update", "user:ann", rewritten_body("update", update.encode(), {"n": '{"id":"n"}'})))
    assert read == NotificationUpdated.of(COUNTS, {"id": "n"})
    gone = decode(event("update", "user:ann", rewritten_body("update", update.encode(), {"n": WITHDRAWN})))
    assert gone.is_withdrawn
    digest = DigestDelivered.of(COUNTS, {"items": [{"id": "n"}, {"id": "o"}]})
    body = rewritten_body("bundle", digest.encode(), {"n": '{"id":"n","content":"new"}', "o": WITHDRAWN})
    assert decode(event("bundle", "user:ann", body)) == DigestDelivered.of(
        COUNTS, {"items": [{"id": "n", "content": "new"}]}
    )
    empty = decode(event("bundle", "user:ann", rewritten_body("bundle", body, {"n": WITHDRAWN})))
    assert empty.is_withdrawn


OWN = '{"id":"n","category":"like","text_id":"t","created_at":"now"}'


@pytest.mark.parametrize(
    "payload",
    [
        NotificationPublished(notification=OWN),
        NotificationUpdated.of(COUNTS, json.loads(OWN)),
        NotificationEdited(data=json.loads(OWN)),
        DigestDelivered.of(COUNTS, {"items": [json.loads(OWN), {"id": "o", "data": {"text_id": "no"}}]}),
    ],
    ids=lambda payload: payload.kind,
)
def test_shared_texts_are_found_and_withdrawn_where_they_are_missing(payload: Payload) -> None:
    body = payload.encode()
    assert list(text_ids_in(payload.kind, body)) == ["t"]
    assert without_texts(payload.kind, body, ()) == body or payload.kind != "bundle"
    rest = without_texts(payload.kind, body, ["t"])
    assert list(text_ids_in(payload.kind, rest)) == []
    read = decode(event(payload.kind, "user:ann", rest))
    if isinstance(read, DigestDelivered):
        assert [item["id"] for item in read.data["items"]] == ["o"]
    else:
        assert read.is_withdrawn


def test_other_events_share_no_text() -> None:
    for kind, body in (("message", '{"sender_id":"a","message":{"text_id":"t"}}'), ("read", '{"text_id":1}')):
        assert list(text_ids_in(kind, body)) == []
