"""The connections endpoints: users list and renew their own streams only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest
from starlette.requests import Request

from clients import SECRET
from lumen_notify.auth import Revocations, Tickets, Verifier, mint
from lumen_notify.auth.keys import Key, OneKey
from lumen_notify.commit.presence.connections import Connections, OpenConnection
from lumen_notify.deliver.streams.connections import ConnectionEndpoints
from lumen_notify.deliver.streams.cookie import StreamCookies
from lumen_notify.deliver.streams.renewals import Renewals
from lumen_notify.errors import Invalid, Unauthenticated
from lumen_notify.http.context import Committer, Context, Limits
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.model import new_id, rfc3339

from ..stream_harness import StreamHarness


class Elsewhere:
    """The streams of other instances. instance: the name of this one."""

    instance = "here:1"

    def __init__(self) -> None:
        self.streams: list[OpenConnection] = []

    async def of_user(
        self, user_id: str, *, after: str = "", limit: int | None = None
    ) -> Sequence[OpenConnection]:
        assert limit is None or limit > 1
        return [one for one in self.streams if user_id == "ann" and one.id > after][:limit]


class ConnectionsApi:
    """The endpoints over a stream harness; tokens use its clock too."""

    def __init__(self) -> None:
        self.harness = StreamHarness()
        clock = self.harness.clock.ms
        self.elsewhere = Elsewhere()
        self.tickets = Tickets(b"k" * 32, clock)
        verifier = Verifier(OneKey(Key(SECRET.encode(), "HS256")), clock=clock)
        context = Context(
            verifier=verifier,
            committer=cast("Committer", None),
            limits=Limits(max_body_bytes=100, max_content_characters=0, max_batch_rows=0, max_rooms=0),
            rate_limiter=RateLimiter(lambda: 0),
            clock=clock,
        )
        self.connections = ConnectionEndpoints(
            context=context,
            tickets=self.tickets,
            cookies=StreamCookies(origins=frozenset()),
            streams=self.harness.streams,
            renewals=Renewals(self.harness.streams, Revocations(), lambda _name, _fields: None),
            stored=cast("Connections", self.elsewhere),
        )

    def token(self, user_id: str, ttl_seconds: float = 3600) -> str:
        return mint(SECRET, user_id, ttl_seconds=ttl_seconds, clock=self.harness.clock.ms)

    def request(self, token: str | None, query: bytes = b"", body: bytes = b"") -> Request:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        headers = [] if token is None else [(b"authorization", b"Bearer " + token.encode())]
        scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/", "query_string": query}
        return Request({**scope, "headers": headers}, receive)

    async def page(self, token: str | None, query: bytes = b"") -> Any:
        return json.loads(bytes((await self.connections.page(self.request(token, query))).body))

    async def renew(self, token: str | None, body: bytes = b"") -> Any:
        return json.loads(bytes((await self.connections.renew(self.request(token, body=body))).body))


async def test_users_see_their_own_open_streams_oldest_first() -> None:
    api = ConnectionsApi()
    first = api.harness.open("ann", device="mobile")
    began_at = rfc3339(api.harness.clock.ms())
    api.harness.pass_seconds(2)
    second, _ = api.harness.open("ann"), api.harness.open("bob", device="desktop")
    later_at = rfc3339(api.harness.clock.ms())
    assert await api.page(api.token("ann")) == {
        "items": [
            {"id": first.id, "device": "mobile", "connected_at": began_at, "instance": "here:1"},
            {"id": second.id, "device": None, "connected_at": later_at, "instance": "here:1"},
        ],
        "next_cursor": None,
    }
    first.on_disconnect()
    assert [item["id"] for item in (await api.page(api.token("ann")))["items"]] == [second.id]
    assert await api.page(api.token("nobody")) == {"items": [], "next_cursor": None}


async def test_streams_of_other_instances_are_listed_among_those_of_this_one_by_age() -> None:
    api = ConnectionsApi()
    older, own, newer = (new_id(), api.harness.open("ann").id, new_id())
    api.elsewhere.streams = [
        OpenConnection(id=id_, device=None, connected_at=0, instance="there:2") for id_ in (older, newer)
    ]
    page = await api.page(api.token("ann"))
    assert [(one["id"], one["instance"]) for one in page["items"]] == [
        (older, "there:2"),
        (own, "here:1"),
        (newer, "there:2"),
    ]
    first = await api.page(api.token("ann"), b"limit=1")
    assert [one["id"] for one in first["items"]] == [older]
    rest = await api.page(api.token("ann"), b"cursor=" + first["next_cursor"].encode())
    assert [one["id"] for one in rest["items"]] == [own, newer]


async def test_renewal_prolongs_the_callers_streams_to_the_end_of_the_token_shown() -> None:
    api = ConnectionsApi()
    own, other = api.harness.open("ann", expires_in=100), api.harness.open("bob", expires_in=100)
    api.harness.pass_seconds(50)
    ends_at = api.harness.clock.ms() + 500_000
    answer = await api.renew(api.token("ann", 500))
    assert answer == {"expires_at": rfc3339(ends_at)}
    assert (own.expires_at, other.expires_at) == (ends_at, other.connected_at + 100_000)
    api.harness.pass_seconds(100)
    assert (own.close_reason is None, other.close_reason is None) == (True, False)


async def test_renewal_with_unknown_fields_is_refused_and_prolongs_nothing() -> None:
    api = ConnectionsApi()
    own = api.harness.open("ann", expires_in=100)
    with pytest.raises(Invalid) as caught:
        await api.renew(api.token("ann", 500), b'{"expires_in": 600}')
    assert [fault.field for fault in caught.value.faults] == ["expires_in"]
    assert own.expires_at == own.connected_at + 100_000
    await api.renew(api.token("ann", 500), b"{}")
    assert own.expires_at > own.connected_at + 100_000


async def test_renewal_reaches_streams_that_are_still_opening() -> None:
    api = ConnectionsApi()
    opening = api.harness.new("ann", expires_in=100)
    api.harness.streams.add(opening)
    api.harness.hub.get_channel("ann").opening = (opening,)
    ends_at = api.harness.clock.ms() + 500_000
    await api.renew(api.token("ann", 500))
    assert opening.expires_at == ends_at
    api.harness.pass_seconds(200)
    assert opening.close_reason is None


async def test_renewal_sets_a_cookie_that_lasts_as_long_as_the_token() -> None:
    api = ConnectionsApi()
    response = await api.connections.renew(api.request(api.token("ann", 500)))
    name, _, cookie = response.headers["set-cookie"].partition(";")[0].partition("=")
    principal = api.tickets.from_cookies([cookie])
    assert (name, principal.user_id) == ("lumen_stream", "ann")
    assert principal.expires_at == api.harness.clock.ms() + 500_000


@pytest.mark.parametrize("verb", ["page", "renew"])
async def test_without_a_good_token_nothing_is_shown_and_nothing_prolonged(verb: str) -> None:
    api = ConnectionsApi()
    connection = api.harness.open("ann", expires_in=100)
    expired = api.token("ann", 10)
    api.harness.pass_seconds(30)
    for token in (None, "garbage", expired, api.token("ann")[:-3] + "abc"):
        with pytest.raises(Unauthenticated):
            await getattr(api, verb)(token)
    assert connection.expires_at == connection.connected_at + 100_000
