"""The stream endpoint: which credential counts, and what is left of it for access logs.

Not here: what holds over real HTTP, with and without the hand-over (`contract/test_stream`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clients import NOTIFICATIONS, SECRET, read_frames, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import Principal, Tickets
from lumen_notify.errors import Unavailable
from lumen_notify.model import Audience, Event, now_ms
from lumen_notify.services import Services
from lumen_notify.settings import Secret

STREAM = f"{NOTIFICATIONS}/stream"


class Answer:
    """The answer to one request. user_ids: the users with an open stream when `ready` was sent."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.user_ids: set[str] = set()
        self.scope: dict[str, Any] = {}


class Endpoint:
    """A Lumen, asked without a server: its streams are ordinary responses."""

    def __init__(self, lumen: Lumen) -> None:
        self.lumen = lumen

    @property
    def services(self) -> Services:
        assert self.lumen._services is not None
        return self.lumen._services

    def ticket(self, user_id: str, ahead_ms: int = 0) -> str:
        tickets = self.services.tickets
        moved = Tickets(tickets._signing_key, lambda: now_ms() + ahead_ms)
        return moved.issue(self._principal(user_id))

    def cookie(self, user_id: str) -> str:
        return self.services.tickets.cookie(self._principal(user_id))

    def _principal(self, user_id: str) -> Principal:
        return Principal(user_id=user_id, expires_at=now_ms() + 3_600_000)

    async def get(self, query: str = "", method: str = "GET", **headers: str) -> Answer:
        """Ask for a stream, and disconnect once it is live."""
        answer = Answer()
        has_ended = asyncio.Event()
        answer.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": STREAM,
            "raw_path": STREAM.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 50_000),
            "server": ("test", 80),
        }
        events: list[dict[str, Any]] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> dict[str, Any]:
            if events:
                return events.pop()
            await has_ended.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                return
            answer.body += message.get("body", b"")
            if b"event: ready" in answer.body:
                answer.user_ids = set(self.services.hub.channels)
                has_ended.set()

        await asyncio.wait_for(self.lumen.app(answer.scope, receive, send), 20)
        return answer


@pytest.fixture
async def endpoint(sqlite_url: str) -> AsyncIterator[Endpoint]:
    async with Lumen(Settings(database_url=sqlite_url, jwt_secret=Secret(SECRET))) as lumen:
        yield Endpoint(lumen)


@pytest.mark.parametrize("first", range(4), ids=["token", "ticket", "authorization", "cookie"])
async def test_token_counts_before_ticket_before_authorization_before_cookie(
    endpoint: Endpoint, first: int
) -> None:
    query = [f"token={token('ann')}", f"ticket={endpoint.ticket('bob')}"][first:]
    headers = {"cookie": f"lumen_stream={endpoint.cookie('dan')}"}
    if first <= 2:
        headers["authorization"] = f"Bearer {token('cyd')}"
    if first <= 1:
        del headers["cookie"]  # another user's cookie makes a ticket invalid
    answer = await endpoint.get("&".join(query), **headers)
    assert (answer.status, answer.user_ids) == (200, {("ann", "bob", "cyd", "dan")[first]})


async def test_ticket_sets_the_cookie_and_the_others_set_none(endpoint: Endpoint) -> None:
    by_ticket = await endpoint.get(f"ticket={endpoint.ticket('ann')}")
    assert "set-cookie" in by_ticket.headers
    for query, headers in (
        (f"token={token('ann')}", {}),
        ("", {"authorization": f"Bearer {token('ann')}"}),
        ("", {"cookie": f"lumen_stream={endpoint.cookie('ann')}"}),
    ):
        assert "set-cookie" not in (await endpoint.get(query, **headers)).headers


async def test_cookie_is_ignored_where_a_page_of_a_foreign_origin_asks(endpoint: Endpoint) -> None:
    cookie = f"lumen_stream={endpoint.cookie('ann')}"
    expired_ticket = endpoint.ticket("ann", ahead_ms=-3_600_000)
    for query in ("", f"ticket={expired_ticket}"):
        assert (await endpoint.get(query, cookie=cookie)).status == 200
        foreign = await endpoint.get(query, cookie=cookie, origin="https://elsewhere.example")
        assert foreign.status == 401


@pytest.mark.parametrize("name", ["token", "ticket"])
@pytest.mark.parametrize("is_good", [True, False])
async def test_credentials_are_redacted_in_the_scope_that_access_logs_read(
    endpoint: Endpoint, name: str, is_good: bool
) -> None:
    good = token("ann") if name == "token" else endpoint.ticket("ann")
    secret = good if is_good else "garbage"
    answer = await endpoint.get(f"device=mobile&{name}={secret}&last_event_id=x-1")
    assert answer.status == (200 if is_good else 401)
    query = answer.scope["query_string"]
    assert query == f"device=mobile&{name}=redacted&last_event_id=x-1".encode()


async def test_refused_request_opens_no_stream(endpoint: Endpoint) -> None:
    for query in ("", "token=garbage", "ticket=garbage", f"token={token('ann')}&device=toaster"):
        answer = await endpoint.get(query)
        assert answer.status in {401, 422}
    assert len(endpoint.services.streams) == 0


async def test_key_server_that_is_down_is_a_200_that_says_when_to_come_back(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_token: str) -> Any:
        raise Unavailable("The key server of the token issuer does not answer.", code="keys_unavailable")

    monkeypatch.setattr(endpoint.services.verifier._keys, "key_for", fail)
    answer = await endpoint.get(f"token={token('ann')}")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    (closing,) = read_frames(answer.body.decode())
    assert (closing.event, closing.data) == ("closing", {"reason": "overloaded", "reconnect": True})
    assert closing.retry_ms is not None


async def test_stream_whose_token_is_revoked_while_it_opens_ends(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = endpoint.services
    load = services.counts.fetch

    async def revoke_and_load(*arguments: Any) -> Any:
        event = Event(
            position=services.hub.position + 1,
            audience=Audience.user("ann"),
            kind="revoked",
            category=None,
            body='{"data":{}}',
            created_at=0,
        )
        for _ in services.hub.fan_out([event]):
            pass
        return await load(*arguments)

    monkeypatch.setattr(services.stream_opener._loader, "_fetch", revoke_and_load)
    answer = await endpoint.get(f"token={token('ann')}")
    assert [frame.event for frame in read_frames(answer.body.decode())] == ["closing"]
    assert b'"revoked"' in answer.body


async def test_last_event_id_header_counts_before_the_query(endpoint: Endpoint) -> None:
    await endpoint.lumen.publish("ann", category="like", content="one")
    await endpoint.lumen.publish("ann", category="like", content="two")
    epoch = endpoint.services.hub.epoch
    answer = await endpoint.get(
        f"token={token('ann')}&last_event_id={epoch}-0", **{"last-event-id": f"{epoch}-1"}
    )
    assert b'"replayed":1' in answer.body
    answer = await endpoint.get(f"token={token('ann')}&last_event_id={epoch}-0&lastEventId={epoch}-1")
    assert b'"replayed":2' in answer.body
    answer = await endpoint.get(f"token={token('ann')}&lastEventId={epoch}-1")
    assert b'"replayed":1' in answer.body
