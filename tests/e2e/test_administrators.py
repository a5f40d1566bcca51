"""Administrators of several instances: they see and end the streams of all, also if every hint is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable

import httpx
import pytest

from clients import EventStream, eventually_true, token
from instances import Instance, open_instances
from lumen_notify.auth import ADMIN, PUBLISH

pytestmark = [pytest.mark.postgresql, pytest.mark.server]


@pytest.fixture
async def instances(postgresql_url: str) -> AsyncIterator[list[Instance]]:
    async with open_instances(postgresql_url, 2) as opened:
        yield opened


async def ask(instance: Instance, method: str, path: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token('root', ADMIN)}"}
    return await instance.http.request(method, f"/api/v1/admin{path}", headers=headers)


async def opened(instance: Instance, user: str) -> tuple[EventStream, str]:
    """Open a stream; return it and its id."""
    stream = await instance.stream(user)
    ready = await stream.wait_for_event("ready")
    return stream, ready.data["connection_id"]


async def streams_of(instance: Instance, user: str) -> list[str]:
    details = (await ask(instance, "GET", f"/users/{user}")).json()
    return sorted(one["id"] for one in details["streams"])


async def test_streams_of_a_user_are_seen_and_end_on_all_instances(instances: list[Instance]) -> None:
    here, there = instances
    (one, id_), (two, other_id) = await opened(here, "bob"), await opened(there, "bob")
    try:
        await eventually_true(
            lambda: _is(streams_of(here, "bob"), sorted([id_, other_id])), what="both streams on one list"
        )
        await eventually_true(
            lambda: _is(streams_of(there, "bob"), sorted([id_, other_id])), what="both on the other one"
        )
        assert (await ask(here, "DELETE", f"/streams/{other_id}")).status_code == 204
        await two.wait_for_end()
        assert two.frames[-1].data == {"reason": "revoked", "reconnect": False}
        assert not one.has_ended
        assert (await ask(there, "DELETE", "/users/bob/streams")).status_code == 204
        await one.wait_for_end()
        await eventually_true(lambda: _is(streams_of(here, "bob"), []), what="no stream on any list")
    finally:
        await one.close()
        await two.close()


async def test_streams_end_although_every_hint_is_lost(
    instances: list[Instance], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = instances
    monkeypatch.setattr(here.services.backplane, "announce", lambda _events, _follows: None)
    stream, _ = await opened(there, "bob")
    try:
        assert (await ask(here, "DELETE", "/users/bob/streams?revoke_tokens=true")).status_code == 204
        await stream.wait_for_end()
        assert stream.frames[-1].data["reason"] == "revoked"
    finally:
        await stream.close()


async def test_administrators_watch_all_instances(instances: list[Instance]) -> None:
    here, there = instances
    stream, _ = await opened(there, "bob")
    watching = await EventStream.open(here.base_url, token("root", ADMIN), path="/api/v1/admin/stream")
    names = sorted(one.services.instance for one in instances)

    def by_instance() -> dict[str, int]:
        found = [frame.data["streams"]["by_instance"] for frame in watching.frames]
        return dict(found[-1]) if found else {}

    try:
        await watching.wait_for(lambda: sorted(by_instance()) == names, what="the figures of both")
        assert by_instance() == {here.services.instance: 0, there.services.instance: 1}
        assert watching.frames[-1].data["streams"]["total"] == 1
        published = watching.frames[-1].data["rates"]["publishes"]
        assert published in (0, None)
        await there.http.post(
            "/api/v1/notifications",
            json={"to": {"user": "bob"}, "category": "like", "content": "hi"},
            headers={"Authorization": f"Bearer {token('app', PUBLISH)}"},
        )
        await watching.wait_for(
            lambda: any(frame.data["rates"]["publishes"] for frame in watching.frames),
            what="a publish on the other instance",
        )
    finally:
        await watching.close()
        await stream.close()


async def _is(found: Awaitable[object], wanted: object) -> bool:
    return await found == wanted
