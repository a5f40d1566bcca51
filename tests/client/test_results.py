"""Results: they take what a newer server adds. `test_client.py` reads them from a real one."""

from __future__ import annotations

from lumen_notify.client.results import Counts, Notification, Published


def test_fields_that_are_not_known_are_in_the_document() -> None:
    document = {"id": "n", "recipients": None, "position": 1, "status": "sent", "new": 7}
    assert Published.of(document).document["new"] == 7


def test_a_notification_needs_no_optional_field() -> None:
    sender = {"id": "bob", "username": "Bob"}
    shown = Notification.of(
        {
            "id": "n",
            "category": "like",
            "content": "hi",
            "sender": sender,
            "priority": "normal",
            "created_at": "2026-01-31T08:00:00.000Z",
            "read_at": "2026-01-31T08:00:01.000Z",
        }
    )
    assert (shown.title, shown.data, shown.sender.avatar, shown.seen_at) == (None, {}, None, None)
    assert shown.read_at is not None
    assert (shown.read_at - shown.created_at).total_seconds() == 1


def test_counts_have_no_entry_for_what_is_read() -> None:
    counts = Counts.of({"unread_count": 0, "unread": {"categories": {}, "rooms": {}}, "position": 3})
    assert counts.categories.get("like", 0) == 0
