"""Client and AsyncClient: what each call sends and returns, against a real server, and what they import."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from clients import token
from lumen_notify.auth import PUBLISH
from lumen_notify.client import AsyncClient, Client
from lumen_notify.errors import Forbidden, Invalid, NotFound, Unauthenticated, Unavailable, Unreachable
from scripted import Script
from sites import Site

from .either import Connect

PUBLISHED = '{"id": "n-1", "recipients": 1, "position": 7, "status": "sent"}'
COUNTS = '{"unread_count": 0, "unread": {"categories": {}, "rooms": {}}, "position": 3}'


async def test_an_application_publishes_and_a_user_reads(site: Site, connect: Connect) -> None:
    app = connect(site.base_url, token("app", PUBLISH))
    bob = connect(site.base_url, token("bob"))
    one = await app.call(
        "publish",
        "bob",
        category="like",
        content="ä \u2028",
        title="New",
        sender={"id": "eve", "username": "Eve"},
    )
    assert (one.recipients, one.status, one.document["id"]) == (1, "sent", one.id)
    many = await app.call(
        "publish_many",
        [
            {
                "to": {"user": "bob"},
                "category": "like",
                "content": "a",
                "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
            },
            {"to": {"all": True}, "category": "system", "content": "b", "data": {"n": 1}},
        ],
    )
    assert [published.recipients for published in many] == [1, None]

    counts = await bob.call("counts")
    assert (counts.unread_count, counts.categories) == (6, {"like": 5, "system": 1})
    listed = await bob.notifications(page_limit=2)
    assert [shown.content for shown in listed] == ["b", "a", "ä \u2028", "three", "two", "one"]
    assert (listed[2].id, listed[2].title, listed[2].sender.username) == (one.id, "New", "Eve")
    assert listed[0].data == {"n": 1}
    assert listed[0].created_at.tzinfo is not None
    assert not listed[0].is_read

    marked = await bob.call("mark_read", [one.id, one.id.replace("0", "1")])
    assert (marked.changed, marked.unread_count, len(marked.unknown)) == (1, 5, 1)
    assert [shown.id for shown in await bob.notifications(unread=False)] == [one.id]
    assert (await bob.call("mark_read", category="like", up_to=counts.position)).unread_count == 1
    assert (await bob.call("mark_read", everything=True)).unread_count == 0


async def test_a_room_message_is_sent_once_by_its_client_id(site: Site, connect: Connect) -> None:
    bob = connect(site.base_url, token("bob"))
    await bob.call("request", "POST", "/rooms", {"id": "tea", "kind": "public", "title": "Tea"})
    first = await bob.call("send", "tea", "Tea?", client_id="7f3a")
    again = await bob.call("send", "tea", "Tea?", client_id="7f3a")
    other = await bob.call("send", "tea", "Tea?", reply_to=1)
    assert (first.seq, again.id, other.seq, first.room_id) == (1, first.id, 2, "tea")


async def test_members_of_a_room_are_listed_with_their_presence(site: Site, connect: Connect) -> None:
    bob = connect(site.base_url, token("bob"))
    await bob.call("request", "POST", "/rooms", {"id": "tea", "members": ["eve", "ann"]})
    members = await bob.presence("tea", page_limit=2)
    assert [(one.user_id, one.is_online, one.devices) for one in members] == [
        ("ann", False, ()),
        ("bob", False, ()),
        ("eve", False, ()),
    ]
    assert members[0].last_seen_at is None
    assert members[0].document["status"] == "offline"


async def test_a_key_is_published_once(site: Site, connect: Connect) -> None:
    app = connect(site.base_url, token("app", PUBLISH))
    ids = {
        (await app.call("publish", "bob", category="like", content="hi", idempotency_key="order-17")).id
        for _ in range(2)
    }
    assert len(ids) == 1


async def test_refusals_are_the_errors_of_the_library(site: Site, connect: Connect) -> None:
    app, bob = connect(site.base_url, token("app", PUBLISH)), connect(site.base_url, token("bob"))
    with pytest.raises(Invalid) as caught:
        await app.call("publish", "bob", category="No Slug", content="", colour="red")
    assert {fault.field for fault in caught.value.faults} == {"category", "content", "colour"}
    assert "`colour` " in str(caught.value)
    with pytest.raises(Forbidden):
        await bob.call("publish", "eve", category="like", content="hi")
    with pytest.raises(NotFound):
        await bob.call("send", "nowhere", "hi")
    with pytest.raises(Unauthenticated) as unauthenticated:
        await connect(site.base_url, "abc").call("counts")
    assert unauthenticated.value.code == "token_invalid"


async def test_retries_of_a_publish_have_one_key_and_those_of_a_message_one_id(
    script: Script, connect: Connect
) -> None:
    client = connect(script.url)
    script.answers = [None, (503, "{}"), (429, "{}", {"retry-after": "0"}), (201, PUBLISHED)]
    published = await client.call("publish", "bob", category="like", content="hi")
    assert published.id == "n-1"
    assert len({one.headers["idempotency-key"] for one in script.asked}) == 1
    assert len({one.body for one in script.asked}) == 1
    script.asked.clear()
    sent = '{"id": "m", "room_id": "tea", "seq": 1, "position": 8, "status": "sent"}'
    script.answers = [None, (201, sent)]
    await client.call("send", "tea", "hi")
    assert len({json.loads(one.body)["client_id"] for one in script.asked}) == 1


async def test_a_new_publish_has_a_new_key(script: Script, connect: Connect) -> None:
    script.answers = [(201, PUBLISHED)] * 2
    client = connect(script.url)
    for _ in range(2):
        await client.call("publish", "bob", category="like", content="hi")
    assert len({one.headers["idempotency-key"] for one in script.asked}) == 2


async def test_what_may_not_be_repeated_is_sent_once(script: Script, connect: Connect) -> None:
    client = connect(script.url)
    for answer in (None, (503, "{}")):
        script.asked.clear()
        script.answers = [answer]
        with pytest.raises(Unavailable):
            await client.call("request", "POST", "/rooms", {"title": "Tea"})
        assert len(script.asked) == 1
    script.answers = [None, (200, COUNTS)]
    assert await client.call("request", "PUT", "/rooms/tea", {}) == json.loads(COUNTS)


async def test_a_token_function_is_called_for_each_request(script: Script, connect: Connect) -> None:
    numbers = iter(range(9))
    client = connect(script.url, lambda: f"token-{next(numbers)}")
    script.answers = [None, (200, COUNTS)]
    await client.call("counts")
    assert script.tokens == ["Bearer token-0", "Bearer token-1"]


async def test_a_server_without_an_answer_is_unreachable(connect: Connect) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        await connect("http://127.0.0.1:9", retries=1).call("counts")


async def test_a_slow_answer_is_a_timeout(script: Script, connect: Connect) -> None:
    # The body is shorter than it says: the client waits for the rest.
    script.answers = [(200, "{}", {"content-length": "9"})]
    with pytest.raises(Unreachable):
        await connect(script.url, retries=0, response_seconds=0.2).call("counts")


def test_both_clients_have_the_same_calls() -> None:
    names = [{name for name in dir(kind) if not name.startswith("_")} for kind in (Client, AsyncClient)]
    assert names[0] == names[1]
    assert "publish" in names[0]


@pytest.mark.server
def test_the_import_needs_nothing_of_the_server() -> None:
    program = "import sys; import lumen_notify.client; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    modules = set(done.stdout.split())
    ours = {name for name in modules if name.startswith("lumen_notify.")}
    assert {name for name in ours if not name.startswith("lumen_notify.client")} == {"lumen_notify.errors"}
    server = {
        "starlette",
        "uvicorn",
        "sqlalchemy",
        "databases",
        "pydantic",
        "jwt",
        "prometheus_client",
        "typer",
    }
    assert not server & modules
