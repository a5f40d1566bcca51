"""Answers: every field of a response is described, and every described field is in a response."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx

from clients import MARKS, NOTIFICATIONS, EventStream, token
from documents import faults, operations
from lumen_notify.auth import ADMIN as ADMIN_SCOPE
from lumen_notify.auth import PUBLISH
from lumen_notify.model import now_ms, rfc3339

ALICE = {"Authorization": f"Bearer {token('alice', PUBLISH)}"}
ADMIN = {"Authorization": f"Bearer {token('root', ADMIN_SCOPE)}"}
FULL = {
    "to": {"user": "alice"},
    "category": "like",
    "content": "hi",
    "title": "a title",
    "data": {"photo": 7},
    "sender": {"id": "bob", "username": "Bob", "avatar": "/bob.png"},
    "priority": "high",
    "expires_at": "2099-01-31T08:00:00Z",
}


def schema_of(document: Any, answer: httpx.Response) -> Any:
    """Find what the document says of an answer, by its request and its own status; None: it has no body."""
    path = answer.request.url.path
    for method, template, operation in operations(document):
        given, wanted = path.split("/"), template.split("/")
        is_it = len(given) == len(wanted) and all(
            name == part or name.startswith("{") for part, name in zip(given, wanted, strict=True)
        )
        if method == answer.request.method and is_it:
            described = operation["responses"][str(answer.status_code)]
            if not answer.content:
                assert "content" not in described
                return None
            content = described["content"]
            assert list(content) == [answer.headers["content-type"].partition("; charset")[0]]
            return next(iter(content.values()))["schema"]
    raise AssertionError(f"{answer.request.method} {path} is not in the document")


CHOSEN: dict[str, Any] = {
    "categories": {"like": {"muted": True}},
    "quiet_hours": {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"},
}


async def answers_about_preferences(http: httpx.AsyncClient) -> list[httpx.Response]:
    return [
        await http.put("/api/v1/categories/news", headers=ADMIN, json={"push": False, "priority": "low"}),
        await http.put("/api/v1/categories/like", headers=ADMIN, json={}),
        await http.get("/api/v1/categories", headers=ALICE),
        await http.delete("/api/v1/categories/like", headers=ADMIN),
        await http.patch("/api/v1/preferences", headers=ALICE, json=CHOSEN),
        await http.get("/api/v1/preferences", headers=ALICE),
    ]


async def refusals_about_preferences(http: httpx.AsyncClient) -> list[httpx.Response]:
    refusals = [
        await http.put("/api/v1/categories/like", headers=ALICE, json={}),
        await http.delete("/api/v1/categories/like", headers=ADMIN),
        await http.patch("/api/v1/preferences", headers=ALICE, json=CHOSEN | {"digest": {"minutes": 4}}),
    ]
    assert [answer.status_code for answer in refusals] == [403, 404, 422]
    return refusals


async def test_every_field_of_every_answer_is_described(
    http: httpx.AsyncClient, document: Any, closing: AsyncExitStack
) -> None:
    stream = await EventStream.open(str(http.base_url), token("alice"), query={"device": "mobile"})
    closing.push_async_callback(stream.close)
    await stream.wait_for_event("ready")
    answers: list[httpx.Response] = [
        await http.post(NOTIFICATIONS, headers=ALICE, json=FULL),
        await http.post(NOTIFICATIONS, headers=ALICE, json=[FULL, FULL | {"to": {"all": True}}]),
    ]
    id_ = answers[0].json()["id"]
    later = FULL | {"deliver_at": rfc3339(now_ms() + 3_600_000)}
    answers += [await http.post(NOTIFICATIONS, headers=ALICE, json=[later, later | {"to": {"all": True}}])]
    scheduled = f"{NOTIFICATIONS}/scheduled"
    answers += [
        await http.get(scheduled, headers=ALICE, params={"limit": 1}),
        await http.get(scheduled, headers=ALICE),
        await http.delete(f"{NOTIFICATIONS}/{answers[-1].json()['items'][0]['id']}/schedule", headers=ALICE),
    ]
    answers += [
        await http.post(f"{NOTIFICATIONS}/{action}", headers=ALICE, json={"ids": [id_]}) for action in MARKS
    ]
    answers += [
        await http.put(f"{NOTIFICATIONS}/{id_}", headers=ALICE, json={"is_read": True}),
        await http.get(f"{NOTIFICATIONS}/{id_}", headers=ALICE),
        await http.get(NOTIFICATIONS, headers=ALICE),
        await http.get(NOTIFICATIONS, headers=ALICE, params={"limit": 1}),
        await http.get(f"{NOTIFICATIONS}/counts", headers=ALICE),
        await http.post(f"{NOTIFICATIONS}/stream/tickets", headers=ALICE),
        await http.post(f"{NOTIFICATIONS}/stream/renew", headers=ALICE),
        await http.delete(f"{NOTIFICATIONS}/stream/renew"),
        await http.get("/api/v1/connections", headers=ALICE),
        *await answers_about_accounts(http),
        *await answers_about_messages(http),
        *await answers_about_rooms(http),
        *await answers_about_preferences(http),
        await http.get("/healthz"),
        await http.get("/readyz"),
        await http.get("/openapi.json"),
    ]
    assert all(answer.is_success for answer in answers), answers
    refusals = [
        await http.post(NOTIFICATIONS, headers=ALICE, json=FULL | {"contents": 1}),
        await http.post(NOTIFICATIONS, headers=ALICE, content=b" " * 70_000),
        await http.get(NOTIFICATIONS),
        await http.get(NOTIFICATIONS, headers={"Authorization": "Bearer nonsense"}),
        await http.get(f"{NOTIFICATIONS}/00000000-0000-7000-8000-000000000000", headers=ALICE),
        await http.post(NOTIFICATIONS, headers={"Authorization": f"Bearer {token('bob', 'x')}"}, json=FULL),
        await http.post(NOTIFICATIONS, headers={**ALICE, "Idempotency-Key": "k"}, json=FULL),
        await http.post(NOTIFICATIONS, headers={**ALICE, "Idempotency-Key": "k"}, json=[FULL]),
        await http.post(
            "/api/v1/auth/register", json={"username": "ann", "password": "correct horse battery"}
        ),
        await http.post("/api/v1/auth/login", json={"username": "ann", "password": "correct horse battery"}),
        await http.post("/api/v1/auth/refresh", json={"refresh_token": "lnr_"}),
        await http.get(f"{NOTIFICATIONS}/stream"),
        await http.get(f"{NOTIFICATIONS}/stream?device=fridge", headers=ALICE),
    ]
    statuses = [422, 413, 401, 401, 404, 403, 201, 409, 409, 401, 401, 401, 422]
    assert [answer.status_code for answer in refusals] == statuses
    refusals += await refusals_about_preferences(http)
    for answer in answers + refusals:
        schema = schema_of(document, answer)
        found = [] if schema is None else faults(document, schema, answer.json())
        assert found == [], f"{answer.request.method} {answer.request.url}: {answer.text}"


async def answers_about_accounts(http: httpx.AsyncClient) -> list[httpx.Response]:
    path, ann = "/api/v1/auth", {"username": "ann", "password": "correct horse battery"}
    registered = await http.post(f"{path}/register", json={**ann, "avatar": "/ann.png"})
    headers = {"Authorization": f"Bearer {registered.json()['access_token']}"}
    token = {"refresh_token": registered.json()["refresh_token"]}
    change = {"current_password": ann["password"], "new_password": "staple of another kind"}
    answers = [
        registered,
        await http.post(f"{path}/login", json=ann),
        await http.post(f"{path}/refresh", json=token),
        await http.post(f"{path}/logout", json=token),
        await http.get(f"{path}/me", headers=headers),
        await http.get(f"{path}/users/ann", headers=headers),
        await http.patch(f"{path}/me", headers=headers, json={"avatar": None}),
        await http.post(f"{path}/password", headers=headers, json=change),
    ]
    headers = {"Authorization": f"Bearer {answers[-1].json()['access_token']}"}
    return [*answers, await http.post(f"{path}/logout-everywhere", headers=headers)]


async def answers_about_messages(http: httpx.AsyncClient) -> list[httpx.Response]:
    room = "/api/v1/rooms/here"
    await http.post("/api/v1/rooms", headers=ALICE, json={"id": "here"})
    first = await http.post(f"{room}/messages", headers=ALICE, json={"content": "hi"})
    full = {
        "content": "hi",
        "kind": "image",
        "data": {"url": "/7"},
        "reply_to": 1,
        "mentions": ["alice"],
        "client_id": "c",
    }
    direct = {"to": "bob", "content": "hi", "client_id": "c"}
    return [
        first,
        *[await http.post(f"{room}/messages", headers=ALICE, json=full) for _ in range(2)],
        await http.get(f"{room}/messages", headers=ALICE),
        await http.get(f"{room}/messages", headers=ALICE, params={"limit": 1}),
        await http.get(f"{room}/messages/{first.json()['id']}", headers=ALICE),
        await http.post(f"{room}/read", headers=ALICE, json={"up_to": 1}),
        await http.get(f"{room}/reads", headers=ALICE),
        await http.patch(f"{room}/messages/{first.json()['id']}", headers=ALICE, json={"content": "hello"}),
        await http.delete(f"{room}/messages/{first.json()['id']}", headers=ALICE),
        await http.get(f"{room}/messages/{first.json()['id']}", headers=ALICE),
        await http.post(f"{room}/typing", headers=ALICE, json={"is_typing": True}),
        *[await http.post("/api/v1/messages", headers=ALICE, json=direct) for _ in range(2)],
        await http.put("/api/v1/blocks/bob", headers=ALICE),
        await http.get("/api/v1/blocks/bob", headers=ALICE),
        await http.get("/api/v1/blocks", headers=ALICE),
        await http.delete("/api/v1/blocks/bob", headers=ALICE),
    ]


async def answers_about_rooms(http: httpx.AsyncClient) -> list[httpx.Response]:
    rooms, room = "/api/v1/rooms", "/api/v1/rooms/there"
    await http.post(rooms, headers=ALICE, json={"id": "last", "kind": "public"})
    await http.post(f"{rooms}/last/messages", headers=ALICE, json={"content": "hi"})
    notice = {"to": {"room": "there"}, "category": "news", "content": "hi"}
    return [
        await http.post(rooms, headers=ALICE, json={"id": "there", "kind": "public", "members": ["bob"]}),
        *[await http.post(rooms, headers=ALICE, json={"kind": "direct", "members": ["eve"]}) for _ in "ab"],
        await http.get(rooms, headers=ALICE, params={"limit": 1}),
        await http.get(rooms, headers=ALICE),
        await http.get(rooms, headers=ALICE, params={"public": "true"}),
        await http.get(room, headers={"Authorization": f"Bearer {token('eve')}"}),
        await http.patch(room, headers=ALICE, json={"title": "There"}),
        await http.post(f"{room}/members", headers=ALICE, json={"members": ["dan", "bob"]}),
        await http.put(f"{room}/members/bob", headers=ALICE, json={"role": "muted"}),
        await http.put(f"{room}/members/bob", headers=ALICE),
        await http.get(f"{room}/members", headers=ALICE, params={"limit": 1}),
        await http.put(f"{room}/bans/dan", headers=ALICE),
        await http.get(f"{room}/bans", headers=ALICE),
        await http.get(f"{room}/bans/dan", headers=ALICE),
        await http.delete(f"{room}/bans/dan", headers=ALICE),
        await http.post(NOTIFICATIONS, headers=ALICE, json=notice),
        await http.post(
            NOTIFICATIONS, headers=ALICE, json=notice | {"deliver_at": rfc3339(now_ms() + 9_000_000)}
        ),
        await http.get(f"{NOTIFICATIONS}/scheduled", headers=ALICE),
        await http.delete(f"{room}/members/bob", headers=ALICE),
        await http.delete(room, headers=ALICE),
    ]


async def test_an_answer_with_an_undescribed_field_is_found(document: Any) -> None:
    schema = {"$ref": "#/components/schemas/Ticket"}
    assert faults(document, schema, {"ticket": "x", "expires_in": 60}) == []
    assert faults(document, schema, {"ticket": "x", "expires_in": 60, "more": 1}) != []
    assert faults(document, schema, {"ticket": "x"}) != []
