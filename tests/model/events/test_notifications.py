"""Notification events: what is stored of notifications, marks and removals."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.model.events import (
    PAYLOADS,
    DigestDelivered,
    NotificationEdited,
    NotificationPublished,
    NotificationsArchived,
    NotificationsDeleted,
    NotificationsRead,
    NotificationsRemoved,
    NotificationsSeen,
    NotificationsUnarchived,
    NotificationsUnread,
    NotificationUpdated,
    Payload,
    SharedNotificationsRemoved,
    UnknownEvent,
    decode,
)
from lumen_notify.model.events import notifications as module

from .examples import STORED_COUNTS, assert_stored_as, event

BODIES: dict[type[Payload], dict[str, Any]] = {
    NotificationPublished: {"id": "n1"},
    NotificationUpdated: {"data": {"id": "n1"}, **STORED_COUNTS},
    NotificationEdited: {"data": {"id": "n1"}},
    DigestDelivered: {"data": {"items": [{"id": "n1"}]}, **STORED_COUNTS},
    NotificationsRead: {"data": {"ids": ["n1"]}, **STORED_COUNTS},
    NotificationsSeen: {"data": {"all": True}, **STORED_COUNTS},
    NotificationsUnread: {"data": {"category": "like"}, **STORED_COUNTS},
    NotificationsArchived: {"data": {"up_to": 7}, **STORED_COUNTS},
    NotificationsUnarchived: {"data": {"ids": []}, **STORED_COUNTS},
    NotificationsDeleted: {"data": {"all": True}, **STORED_COUNTS},
    NotificationsRemoved: {"data": {"ids": ["n1"]}, **STORED_COUNTS},
    SharedNotificationsRemoved: {"data": {"ids": ["n1"]}, "gone": [["n1", "like", 3]]},
}


@pytest.mark.parametrize("kind", BODIES, ids=lambda kind: kind.__name__)
def test_stored_body_stays_as_it_is(kind: type[Payload]) -> None:
    assert_stored_as(kind, BODIES[kind])


def test_each_kind_of_the_module_is_here() -> None:
    assert set(BODIES) == {kind for kind in PAYLOADS if kind.__module__ == module.__name__}


def test_notification_is_the_body_and_is_not_parsed() -> None:
    body = '{"id": 1, not parsed}'
    assert decode(event("notification", "all", body)) == NotificationPublished(notification=body)


@pytest.mark.parametrize(("body", "category"), [("{}", None), ("[]", "like"), ("", "like")])
def test_notification_without_a_category_or_an_object_is_unknown(body: str, category: str | None) -> None:
    with pytest.raises(UnknownEvent, match="unknown shape"):
        decode(event("notification", "all", body, category))


def test_removal_names_the_ids_in_the_order_of_the_removed() -> None:
    removed = SharedNotificationsRemoved.of([("n2", "like", 5), ("n1", "news", 3)])
    assert removed.data == {"ids": ["n2", "n1"]}
