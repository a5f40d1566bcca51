"""Message events: what is stored of messages, by this version and by older ones."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.model.events import (
    PAYLOADS,
    MessageDeleted,
    MessageEdited,
    MessageSent,
    Payload,
    decode,
)
from lumen_notify.model.events import messages as module

from .examples import assert_stored_as, event

BODIES: dict[type[Payload], dict[str, Any]] = {
    MessageSent: {"sender_id": "ann", "exclude_user_id": "bob", "data": {"id": "m1"}},
    MessageEdited: {"data": {"id": "m1"}},
    MessageDeleted: {"data": {"id": "m1"}},
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_stored_body_stays_as_it_is(kind: type[Payload]) -> None:
    assert_stored_as(kind, BODIES[kind])


def test_each_kind_of_the_module_is_here() -> None:
    assert set(BODIES) == {kind for kind in PAYLOADS if kind.__module__ == module.__name__}


def test_message_for_all_members_names_nobody_to_exclude() -> None:
    sent = MessageSent(sender_id="ann", message='{"id":"m1"}')
    assert sent.encode() == '{"sender_id":"ann","data":{"id":"m1"}}'
    assert decode(event("message", "room:tea", sent.encode())) == sent


def test_message_of_an_older_version_is_read() -> None:
    body = '{"sender_id":"ann","but_for":"bob","data":{"id":"m1"}}'
    expected = MessageSent(sender_id="ann", message='{"id":"m1"}', exclude_user_id="bob")
    assert decode(event("message", "room:tea", body)) == expected
