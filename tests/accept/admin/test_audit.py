"""The audit log by HTTP: what an administrator does is in it, and nobody else reads it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from lumen_notify.auth import PUBLISH
from lumen_notify.commit.audit.audit import ACTIONS
from pages import DOCS
from sites import Site, refused

from .admins import ask, audited, done, refuse_others

CATEGORY = "/api/v1/categories/news"
PUBLISHING = "/api/v1/notifications"


async def test_others_do_not_read_it(site: Site) -> None:
    await refuse_others(site, "GET", "/audit")


async def test_what_an_administrator_does_is_in_it_newest_first(stored: Site) -> None:
    await done(stored, "PUT", CATEGORY, {"push": False})
    await done(stored, "DELETE", CATEGORY)
    refused(await ask(stored, "DELETE", CATEGORY), 404, "not_found")
    assert await audited(stored) == [
        ("root", "category.deleted", "category:news"),
        ("root", "category.defined", "category:news"),
    ]
    (newest,) = (await done(stored, "GET", "/audit?action=category.deleted"))["items"]
    assert newest["details"] == {}
    assert datetime.fromisoformat(newest["at"]) <= datetime.now(UTC)


async def test_definition_that_changes_nothing_is_not_in_it(stored: Site) -> None:
    for _ in range(2):
        await done(stored, "PUT", CATEGORY, {"push": False})
    assert await audited(stored) == [("root", "category.defined", "category:news")]


async def test_pages_follow_each_other(stored: Site) -> None:
    for number in range(3):
        await done(stored, "PUT", f"/api/v1/categories/c{number}", {})
    first = await done(stored, "GET", "/audit?limit=2")
    rest = await done(stored, "GET", f"/audit?limit=2&cursor={first['next_cursor']}")
    assert [one["target"] for one in (*first["items"], *rest["items"])] == [
        "category:c2",
        "category:c1",
        "category:c0",
    ]
    assert rest["next_cursor"] is None


async def test_filters_are_checked(site: Site) -> None:
    assert await audited(site, "?actor=nobody") == []
    assert await audited(site, "?target=user:bob") == []
    refused(await ask(site, "GET", "/audit?action=x"), 422, "invalid", "action")
    refused(await ask(site, "GET", "/audit?target="), 422, "invalid", "target")
    refused(await ask(site, "GET", f"/audit?actor={'x' * 129}"), 422, "invalid", "actor")
    refused(await ask(site, "GET", "/audit?cursor=devices:1"), 422, "invalid", "cursor")


@pytest.mark.parametrize(
    ("to", "target", "is_to_everyone"),
    [
        ({"all": True}, None, True),
        ({"user": "bob"}, "user:bob", False),
        ({"room": "here"}, "room:here", False),
        ({"users": ["bob", "eve"]}, None, False),
    ],
)
async def test_what_an_administrator_publishes_is_noted_without_its_content(
    room: Site, to: dict[str, object], target: str | None, is_to_everyone: bool
) -> None:
    body = {"to": to, "category": "system", "content": "a secret", "title": "another"}
    published = await done(room, "POST", PUBLISHING, body)
    (entry,) = (await done(room, "GET", "/audit"))["items"]
    assert (entry["action"], entry["target"]) == ("notification.published", target)
    assert entry["details"]["ids"] == [published["id"]]
    assert entry["details"]["is_to_everyone"] is is_to_everyone
    assert "secret" not in str(entry)
    assert "another" not in str(entry)


async def test_application_that_publishes_is_not_noted(site: Site) -> None:
    body = {"to": {"all": True}, "category": "system", "content": "hello"}
    await done(site, "POST", PUBLISHING, body, scopes=(PUBLISH,))
    assert await audited(site) == []


async def test_refused_publish_is_not_noted(site: Site) -> None:
    body = {"to": {"room": "nowhere"}, "category": "system", "content": "hello"}
    refused(await ask(site, "POST", PUBLISHING, body), 404, "not_found")
    assert await audited(site) == []


async def test_cancel_of_what_another_user_has_scheduled_is_noted(stored: Site) -> None:
    deliver_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    id_ = await stored.publish("bob", deliver_at=deliver_at)
    scheduled = await done(stored, "GET", f"{PUBLISHING}/scheduled")
    assert [one["id"] for one in scheduled["items"]] == [id_]
    await done(stored, "DELETE", f"{PUBLISHING}/{id_}/schedule")
    refused(await ask(stored, "DELETE", f"{PUBLISHING}/{id_}/schedule"), 404, "not_found")
    assert await audited(stored) == [("root", "notification.cancelled", f"notification:{id_}")]


async def test_cancel_by_the_publisher_is_not_noted(site: Site) -> None:
    deliver_at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    id_ = await site.publish("bob", deliver_at=deliver_at)
    await done(site, "DELETE", f"{PUBLISHING}/{id_}/schedule", user="alice", scopes=(PUBLISH,))
    assert await audited(site) == []


async def test_changes_of_what_others_have_published_are_noted_once(stored: Site) -> None:
    id_ = await stored.publish("bob")
    await done(stored, "PATCH", f"{PUBLISHING}/{id_}", {"content": "a secret"})
    await done(stored, "PATCH", f"{PUBLISHING}/{id_}", {"content": "a secret"})
    await done(stored, "DELETE", f"{PUBLISHING}/{id_}?for=everyone")
    refused(await ask(stored, "DELETE", f"{PUBLISHING}/{id_}?for=everyone"), 404, "not_found")
    assert await audited(stored) == [
        ("root", "notification.retracted", f"notification:{id_}"),
        ("root", "notification.edited", f"notification:{id_}"),
    ]


async def test_changes_in_many_steps_are_noted_once(stored: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("edits", "retraction"):
        monkeypatch.setattr(f"lumen_notify.commit.publications.{module}.STEP_ROWS", 2)
    body = {"to": {"users": ["a", "b", "c", "d", "e"]}, "category": "like", "content": "hi"}
    id_ = (await done(stored, "POST", PUBLISHING, body, scopes=(PUBLISH,)))["id"]
    await done(stored, "PATCH", f"{PUBLISHING}/{id_}", {"content": "hello"})
    await done(stored, "DELETE", f"{PUBLISHING}/{id_}")
    assert [action for _, action, _ in await audited(stored)] == [
        "notification.retracted",
        "notification.edited",
    ]


async def test_changes_by_the_publisher_are_not_noted(site: Site) -> None:
    id_ = await site.publish("bob")
    for method, content in (("PATCH", {"content": "hello"}), ("DELETE", None)):
        await done(site, method, f"{PUBLISHING}/{id_}", content, user="alice", scopes=(PUBLISH,))
    assert await audited(site) == []


def test_every_action_is_in_the_page_of_administration() -> None:
    table = re.findall(r"^\| (`.*?) \|", (DOCS / "api" / "admin.md").read_text("utf-8"), re.MULTILINE)
    described = {name for cell in table for name in re.findall(r"`([a-z_]+\.[a-z]+)`", cell)}
    assert described == set(ACTIONS)
