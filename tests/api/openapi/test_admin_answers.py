"""Answers to administrators: every field is described, and every described field is there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx

from clients import NOTIFICATIONS, EventStream, token
from documents import faults
from lumen_notify.auth import ADMIN, PUBLISH

from .test_answers import schema_of

ROOT = {"Authorization": f"Bearer {token('root', ADMIN, PUBLISH)}"}
BOB = {"Authorization": f"Bearer {token('bob')}"}
PATH = "/api/v1/admin"


async def prepare(http: httpx.AsyncClient) -> None:
    """Let bob have a room with a message, a notification and a device."""
    await http.post("/api/v1/rooms", headers=BOB, json={"id": "here", "kind": "public", "members": ["eve"]})
    await http.post("/api/v1/messages", headers=BOB, json={"to": "eve", "content": "hi"})
    notice = {"to": {"user": "bob"}, "category": "news", "content": "hi", "title": "News"}
    assert (await http.post(NOTIFICATIONS, headers=ROOT, json=notice)).is_success
    account = {"username": "ann", "password": "correct horse battery", "avatar": "/ann.png"}
    assert (await http.post("/api/v1/auth/register", json=account)).is_success


async def test_every_field_of_every_answer_is_described(
    http: httpx.AsyncClient, document: Any, closing: AsyncExitStack
) -> None:
    await prepare(http)
    stream = await EventStream.open(str(http.base_url), token("bob"), query={"device": "mobile"})
    closing.push_async_callback(stream.close)
    ready = await stream.wait_for_event("ready")
    sent = await http.post("/api/v1/rooms/here/messages", headers=BOB, json={"content": "hi"})
    room, member = f"{PATH}/rooms/here", f"{PATH}/rooms/here/members/eve"
    found = await http.get(f"{PATH}/users", headers=ROOT, params={"query": "ann"})
    answers = [
        found,
        await http.get(f"{PATH}/users", headers=ROOT, params={"limit": 1}),
        await http.get(f"{PATH}/users/bob", headers=ROOT),
        await http.get(f"{PATH}/users/{found.json()['items'][0]['id']}", headers=ROOT),
        await http.post(f"{PATH}/notifications/preview", headers=ROOT, json={"to": {"all": True}}),
        await http.post(f"{PATH}/notifications/preview", headers=ROOT, json={"to": {"room": "here"}}),
        await http.get(f"{PATH}/rooms", headers=ROOT),
        await http.get(f"{PATH}/rooms", headers=ROOT, params={"limit": 1}),
        await http.get(room, headers=ROOT),
        await http.get(f"{room}/members", headers=ROOT),
        await http.get(f"{room}/messages", headers=ROOT),
        await http.put(member, headers=ROOT, json={"role": "muted"}),
        await http.delete(member, headers=ROOT),
        await http.put(f"{room}/bans/eve", headers=ROOT),
        await http.get(f"{room}/bans", headers=ROOT),
        await http.delete(f"{room}/bans/eve", headers=ROOT),
        await http.delete(f"{room}/messages/{sent.json()['id']}", headers=ROOT),
        await http.delete(room, headers=ROOT),
        await http.delete(f"{PATH}/streams/{ready.data['connection_id']}", headers=ROOT),
        await http.delete(f"{PATH}/users/bob/streams", headers=ROOT),
        await http.get(f"{PATH}/audit", headers=ROOT),
        await http.get(f"{PATH}/audit", headers=ROOT, params={"limit": 1}),
    ]
    assert all(answer.is_success for answer in answers), answers
    refusals = [
        await http.get(f"{PATH}/audit", headers=BOB),
        await http.get(f"{PATH}/audit"),
        await http.get(room, headers=ROOT),
        await http.get(f"{PATH}/users?limit=x", headers=ROOT),
    ]
    assert [answer.status_code for answer in refusals] == [403, 401, 404, 422]
    for answer in answers + refusals:
        schema = schema_of(document, answer)
        wrong = [] if schema is None else faults(document, schema, answer.json())
        assert wrong == [], f"{answer.request.method} {answer.request.url}: {answer.text}"
