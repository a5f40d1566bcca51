"""Deliveries by HTTP: who was pushed to, and who was not and why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients import token
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.model import new_id
from sites import Site, open_site, refused

from ..devices.device_requests import quiet_now
from ..talk import ROOMS, call, done

DEVICES = "/api/v1/devices"
PREFERENCES = "/api/v1/preferences"
WAIT_SECONDS = 60


@pytest.fixture
async def pushing(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url, push_providers=("log",)) as site:
        yield site


async def register(site: Site, user: str, text: str = "token") -> str:
    device = await done(site, user, "POST", DEVICES, {"provider": "log", "token": text, "kind": "mobile"})
    return str(device["id"])


async def publish(site: Site, **fields: Any) -> str:
    body = {"category": "news", "content": "hello", "priority": "urgent", **fields}
    return str((await site.api("alice").post("", body))["id"])


async def deliveries(site: Site, id_: str, query: str = "", user: str = "alice") -> Any:
    return await done(site, user, "GET", f"/{id_}/deliveries{query}")


async def finished(site: Site, id_: str, user: str = "alice") -> Any:
    """Return the deliveries once they are all decided."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            found = await deliveries(site, id_, user=user)
            if found["status"] != "pending":
                return found
            await asyncio.sleep(0.05)


async def test_its_publisher_learns_who_was_pushed_to_and_who_was_not(pushing: Site) -> None:
    device = await register(pushing, "bob", "1")
    await register(pushing, "eve", "2")
    eve = {"categories": {"news": {"push": False}}}
    await done(pushing, "eve", "PATCH", PREFERENCES, eve)
    id_ = await publish(pushing, to={"users": ["bob", "eve"]})
    found = await finished(pushing, id_)
    assert (found["status"], found["next_cursor"]) == ("done", None)
    assert [(one["user"], one["device_id"], one["outcome"]) for one in found["items"]] == [
        ("eve", None, "muted"),
        ("bob", device, "pushed"),
    ]
    assert found["items"][0]["at"].endswith("Z")


async def test_pages_follow_one_another(pushing: Site) -> None:
    devices = [await register(pushing, user, user) for user in ("alice", "bob", "eve")]
    id_ = await publish(pushing, to={"all": True}, sender={"id": "app"})
    await finished(pushing, id_)
    found, query = [], "?limit=1"
    while True:
        page = await deliveries(pushing, id_, query)
        found += [one["device_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        query = f"?limit=1&cursor={page['next_cursor']}"
    assert found == devices


@pytest.mark.parametrize("push", ["never", "offline"])
async def test_what_is_not_pushed_has_no_items(pushing: Site, push: str) -> None:
    if push == "never":
        await register(pushing, "bob")
    id_ = await publish(pushing, to="bob", push=push)
    assert await deliveries(pushing, id_) == {"status": "not_pushed", "items": [], "next_cursor": None}


async def test_what_is_for_devices_alone_says_that_there_is_none(pushing: Site) -> None:
    await register(pushing, "eve")
    id_ = await publish(pushing, to="bob", push="only")
    found = await finished(pushing, id_)
    assert [(one["user"], one["device_id"], one["outcome"]) for one in found["items"]] == [
        ("bob", None, "no_device")
    ]


async def test_what_is_in_no_list_is_reported_too(pushing: Site) -> None:
    device = await register(pushing, "bob")
    id_ = await publish(pushing, to="bob", push="only")
    found = await finished(pushing, id_)
    assert [(one["user"], one["device_id"], one["outcome"]) for one in found["items"]] == [
        ("bob", device, "pushed")
    ]


async def test_groups_are_reported_by_the_id_of_their_row(pushing: Site) -> None:
    device = await register(pushing, "bob")
    id_ = await publish(pushing, to="bob", group_key="photo")
    found = await finished(pushing, id_)
    assert [(one["device_id"], one["outcome"]) for one in found["items"]] == [(device, "pushed")]


async def test_nobody_else_learns_of_it_but_admins(pushing: Site) -> None:
    await register(pushing, "bob")
    id_ = await publish(pushing, to="bob")
    path = f"/{id_}/deliveries"
    for user in ("bob", "eve"):
        refused(await call(pushing, user, "GET", path), 404, "not_found")
    refused(await call(pushing, "alice", "GET", f"/{new_id()}/deliveries"), 404, "not_found")
    other = {"Authorization": f"Bearer {token('eve', PUBLISH)}"}
    refused(await pushing.send("GET", path, headers=other), 404, "not_found")
    admin = {"Authorization": f"Bearer {token('root', ADMIN)}"}
    assert (await pushing.send("GET", path, headers=admin)).status_code == 200


async def test_without_a_scope_publishers_learn_neither_reasons_nor_devices(pushing: Site) -> None:
    await done(
        pushing, "bob", "POST", ROOMS, {"id": "tea", "title": "Tea", "members": ["alice", "dora", "eve"]}
    )
    for user, text in (("alice", "1"), ("alice", "2"), ("dora", "3"), ("eve", "4")):
        await register(pushing, user, text)
    muted = {"categories": {"news": {"push": False}}}
    await done(pushing, "dora", "PATCH", PREFERENCES, muted)
    await done(pushing, "eve", "PATCH", PREFERENCES, {"quiet_hours": quiet_now()})
    body = {"to": {"room": "tea"}, "category": "news", "content": "hello", "priority": "high"}
    path = f"/{(await done(pushing, 'bob', 'POST', '', body))['id']}/deliveries"
    await finished(pushing, path.split("/")[1], "bob")
    admin = {"Authorization": f"Bearer {token('root', ADMIN)}"}
    full = (await pushing.send("GET", path, headers=admin)).json()
    words = [one["outcome"] for one in full["items"]]
    assert (full["status"], sorted(words)) == (
        "waiting",
        ["muted", "pushed", "pushed", "quiet"],
    )
    found, query = [], "?limit=1"
    while query:
        page = await done(pushing, "bob", "GET", path + query)
        assert page["status"] == "done"
        found += [(one["user"], one["device_id"], one["outcome"]) for one in page["items"]]
        query = page["next_cursor"] and f"?limit=1&cursor={page['next_cursor']}"
    assert sorted(found) == [
        ("alice", None, "pushed"),
        ("dora", None, "not_pushed"),
        ("eve", None, "not_pushed"),
    ]


@pytest.mark.parametrize("cursor", ["x", "deliveries:x", "scheduled:1", "deliveries:1/2/3"])
async def test_a_cursor_of_another_list_is_refused(pushing: Site, cursor: str) -> None:
    id_ = await publish(pushing, to="bob")
    refused(
        await call(pushing, "alice", "GET", f"/{id_}/deliveries?cursor={cursor}"), 422, "invalid", "cursor"
    )
