"""A user's data by HTTP: who may have it and who may delete it, and what everybody else sees of that."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, Api, Bell, EventStream, eventually_true, token
from lumen_notify.auth import ADMIN
from lumen_notify.commit.users import export
from sites import OpenSite, Site, refused

from ..accounts.account_requests import log_in, register
from ..talk import done, say

USERS = "/api/v1/users"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def ask(site: Site, method: str, path: str, user: str = "ops", *scopes: str) -> httpx.Response:
    return await site.http.request(method, USERS + path, headers=bearer(token(user, *scopes)))


async def export_of(site: Site, user: str, *, by: str, scopes: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    answer = await ask(site, "GET", f"/{user}/export", by, *scopes)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


async def is_deleted(site: Site, user: str) -> bool:
    return (await ask(site, "GET", f"/{user}/deletion", "ops", ADMIN)).status_code == 404


async def test_users_and_admins_export(stored: Site) -> None:
    for by, scopes in (("bob", ()), ("ops", (ADMIN,))):
        lines = await export_of(stored, "bob", by=by, scopes=scopes)
        assert [one["content"] for one in lines if one["type"] == "notification"] == ["one", "two", "three"]
        assert lines[-1]["lines"] == len(lines) - 1
    noted = await stored.http.get("/api/v1/admin/audit", headers=bearer(token("ops", ADMIN)))
    assert [(one["actor"], one["action"], one["target"]) for one in noted.json()["items"]] == [
        ("ops", "user.exported", "user:bob")
    ]


@pytest.mark.parametrize(("method", "path"), [("GET", "/export"), ("GET", "/deletion"), ("DELETE", "")])
async def test_nobody_else_may(site: Site, method: str, path: str) -> None:
    refused(await ask(site, method, f"/bob{path}", "eve", "notify:publish"), 403, "forbidden")


async def test_what_is_no_user_and_what_becomes_of_messages_is_checked(site: Site) -> None:
    refused(await ask(site, "DELETE", f"/{'x' * 129}", "ops", ADMIN), 422, "invalid", "user")
    refused(await ask(site, "DELETE", "/bob?messages=all", "ops", ADMIN), 422, "invalid", "messages")
    refused(await ask(site, "GET", "/bob/deletion", "ops", ADMIN), 404, "not_found")


async def test_counts_of_others_are_what_their_streams_show(room: Site) -> None:
    await say(room, "alice", "hello", mentions=["bob"])
    await say(room, "bob", "hi", mentions=["alice"])
    await room.publish("bob", "four")
    await done(room, "eve", "PUT", "/api/v1/rooms/here/members/eve")
    api = room.api("bob")
    bells = {user: await room.api(user).fetched() for user in ("bob", "eve")}
    streams = {
        user: await EventStream.open(room.base_url, token(user), on_frame=bell.apply)
        for user, bell in bells.items()
    }
    own_token = token("alice")
    own = await EventStream.open(room.base_url, own_token)
    answer = await ask(room, "DELETE", "/alice?messages=delete", "ops", ADMIN)
    assert (answer.status_code, answer.content) == (204, b"")
    await own.wait_for_event("closing")
    await own.close()
    refused(await room.send("GET", headers=bearer(own_token)), 401, "token_revoked")
    await eventually_true(lambda: is_deleted(room, "alice"), what="the deletion")
    end = (await api.get("/counts"))["position"]
    await room.lumen.publish("bob", category="like", content="last")
    for user, stream in streams.items():
        await _agrees_with_a_fetch(room, user, stream, bells[user], end)
    members = await done(room, "bob", "GET", "/api/v1/rooms/here/members")
    assert [one["user_id"] for one in members["items"]] == ["bob", "eve"]


async def _agrees_with_a_fetch(site: Site, user: str, stream: EventStream, bell: Bell, end: int) -> None:
    async def is_so() -> bool:
        fetched = await Api(site.http, user).fetched()
        shown = (bell.unread_count, bell.categories, bell.rooms)
        return shown == (fetched.unread_count, fetched.categories, fetched.rooms)

    if user == "bob":
        await stream.wait_for(
            lambda: any(one.id and one.position > end for one in stream.frames), what="the last"
        )
    await eventually_true(is_so, what=user)
    await stream.close()


async def test_users_delete_themselves_after_a_fresh_log_in(open_with: OpenSite) -> None:
    async with open_with(accounts="on") as site:
        session = await register(site)
        path = f"{USERS}/{session['user_id']}"
        site.ahead_ms = 601_000
        late = await site.http.post("/api/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
        answer = await site.http.delete(path, headers=bearer(late.json()["access_token"]))
        refused(answer, 403, "log_in_again")
        session = await log_in(site)
        assert (await site.http.delete(path, headers=bearer(session["access_token"]))).status_code == 204
        refused(await site.http.delete(path, headers=bearer(session["access_token"])), 401, "token_revoked")
        await eventually_true(lambda: is_deleted(site, session["user_id"]), what="the deletion")
        assert (await register(site))["user_id"] != session["user_id"]


async def test_token_of_another_issuer_deletes_nobody(site: Site) -> None:
    refused(await ask(site, "DELETE", "/bob", "bob"), 403, "forbidden")


async def test_id_with_a_slash_is_an_id(site: Site) -> None:
    assert (await export_of(site, "a%2Fb", by="a/b"))[0]["user_id"] == "a/b"
    answer = await ask(site, "DELETE", "/a%2Fb", "ops", ADMIN)
    assert answer.status_code == 204


async def test_export_waits_for_a_client_that_does_not_read(
    open_with: OpenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 10)
    async with open_with(max_body_bytes=10_000_000) as site:
        assert site.lumen._services is not None
        database = site.lumen._services.database
        batch = [{"to": {"user": "bob"}, "category": "like", "content": "x" * 7000} for _ in range(1000)]
        for _ in range(3):
            answer = await site.http.post(
                NOTIFICATIONS, json=batch, headers=bearer(token("app", "notify:publish"))
            )
            assert answer.status_code == 201, answer.text
        pages = 0
        fetch = database.fetch

        def counting(name: str, /, **values: Any) -> Any:
            nonlocal pages
            pages += name == "export_notifications"
            return fetch(name, **values)

        monkeypatch.setattr(database, "fetch", counting)
        async with site.http.stream("GET", f"{USERS}/bob/export", headers=bearer(token("bob"))) as response:
            lines = response.aiter_lines()
            assert json.loads(await anext(lines))["type"] == "profile"
            for _ in range(50):  # others are answered, and the export has long filled its buffers
                await site.api("bob").get("/counts")
            assert 0 < pages < 250
            number = 1 + len([line async for line in lines])
    assert number == 3003 + 3
    assert pages > 300
