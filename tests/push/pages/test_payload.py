"""What a device gets, in its language, as much as the settings allow."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.commit.push.facts import Room
from lumen_notify.push.pages.payload import MAX_TTL_SECONDS, Shown, build, build_withdrawal, ttl_seconds

from .test_decision import NOW

ALICE = {"id": "alice", "username": "Alice", "avatar": None}
BODY = {
    "id": "n",
    "category": "like",
    "sender": ALICE,
    "content": "liked your photo",
    "url": "/photos/1",
    "icon": "/icon.png",
    "data": {"photo": 1},
    "actions": [{"label": "Open", "url": "/photos/1"}],
    "created_at": "2027-01-15T08:00:00.000Z",
    "priority": "normal",
}
TEA = Room(id="tea", kind="public", title="Tea", last_seq=9)
DIRECT = Room(id="pair", kind="direct", title=None, last_seq=9)


def shown(**fields: Any) -> Shown:
    given: dict[str, Any] = {
        "collapse_key": "n",
        "category": "like",
        "priority": "normal",
        "content_level": "full",
        "unread_count": 4,
        "body": BODY,
    }
    return Shown(**(given | fields))


def words(one: Shown, locale: str | None = None) -> tuple[str, str]:
    push = build(one, locale, NOW)
    assert push.payload["title"] == push.title
    assert push.payload.get("content", "") == push.content
    return push.title, push.content


def test_full_content_has_all_that_lists_show() -> None:
    push = build(shown(), "en", NOW)
    assert push.payload == {
        "type": "notification",
        "tag": "n",
        "unread_count": 4,
        "title": "Alice",
        "priority": "normal",
        "category": "like",
        **{name: BODY[name] for name in BODY if name not in ("category", "priority")},
    }
    assert (push.collapse_key, push.badge, push.is_silent) == ("n", 4, False)


def test_title_alone_has_no_content_and_no_data() -> None:
    push = build(shown(content_level="title"), "en", NOW)
    assert set(push.payload) == {
        "type",
        "tag",
        "unread_count",
        "title",
        "priority",
        "category",
        "id",
        "created_at",
    }
    assert (push.title, push.content) == ("Alice", "")


def test_none_names_nobody() -> None:
    titled = {**BODY, "title": "Alice was here"}
    push = build(shown(content_level="none", body=titled), "en", NOW)
    assert "Alice" not in str(push)
    assert push.title == "New notification"


@pytest.mark.parametrize("level", ["full", "title"])
def test_a_title_of_its_own_is_kept(level: str) -> None:
    assert words(shown(body={**BODY, "title": "Hello"}, content_level=level))[0] == "Hello"


MENTION: dict[str, Any] = {"category": "mention", "body": {**BODY, "content": "@bob hi"}}


@pytest.mark.parametrize(
    ("locale", "one", "many", "bundle", "mention"),
    [
        (
            "en-GB",
            "Tea",
            "5 new messages in Tea",
            "3 new notifications",
            "Alice mentioned you in Tea",
        ),
        ("zh-CN", "Tea", "Tea 有 5 条新消息", "3 条新通知", "Alice 在 Tea 中提到了你"),
        ("zh-Hant-TW", "Tea", "Tea 有 5 則新訊息", "3 則新通知", "Alice 在 Tea 中提到了你"),
    ],
)
def test_titles_are_in_the_language_of_the_device(
    locale: str, one: str, many: str, bundle: str, mention: str
) -> None:
    message = {"room": TEA, "is_message": True, "body": {**BODY, "content": "hi"}, "category": None}
    assert words(shown(**message), locale)[0] == one
    assert words(shown(**message, count=5), locale)[0] == many
    assert words(shown(count=3, body={}), locale) == (bundle, "")
    assert words(shown(**MENTION, room=TEA), locale) == (mention, "@bob hi")


def test_messages_name_their_sender() -> None:
    message = {"room": TEA, "is_message": True, "body": {**BODY, "content": "hi"}, "category": None}
    assert words(shown(**message)) == ("Tea", "Alice: hi")
    assert words(shown(**message, count=5)) == ("5 new messages in Tea", "Alice: hi")
    assert words(shown(**message, content_level="title")) == ("New message in Tea", "")
    assert words(shown(**message, content_level="none")) == ("New message", "")
    assert words(shown(**message, count=5, content_level="none")) == ("5 new messages", "")
    direct = {**message, "room": DIRECT}
    assert words(shown(**direct)) == ("Alice", "hi")
    assert words(shown(**direct, count=5)) == ("5 new messages from Alice", "hi")
    assert words(shown(**direct, content_level="title")) == ("Alice", "")


def test_a_mention_in_a_room_without_a_title_names_the_sender() -> None:
    assert words(shown(**MENTION, room=DIRECT))[0] == "Alice mentioned you"
    assert words(shown(**MENTION))[0] == "Alice mentioned you"


def test_a_provider_keeps_it_until_it_expires_and_four_weeks_at_most() -> None:
    assert ttl_seconds(None, NOW) == MAX_TTL_SECONDS == 2_419_200
    assert ttl_seconds(NOW + 5_999, NOW) == 5
    assert ttl_seconds(NOW + 10**12, NOW) == MAX_TTL_SECONDS


def test_a_withdrawal_is_silent_and_names_what_to_take_off() -> None:
    push = build_withdrawal(["a", "b"], 7)
    assert push.payload == {"type": "read", "tag": "read:b", "tags": ["a", "b"], "unread_count": 7}
    assert (push.is_silent, push.badge, push.title) == (True, 7, "")
    assert build_withdrawal(["a"], 0).collapse_key == "a", "it replaces what a provider still has"
