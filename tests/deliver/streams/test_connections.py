"""ConnectionEndpoints: a user lists and renews his own streams, and nobody else's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request

from clients import SECRET
from lumen_notify.auth import Verifier, mint
from lumen_notify.auth.keys import Key, OneKey
from lumen_notify.deliver.streams.connections import ConnectionEndpoints
from lumen_notify.errors import Unauthenticated
from lumen_notify.model import rfc3339

from ..hall import Hall


class Desk:
    """The endpoints over a hall whose clock is the tokens' too."""

    def __init__(self) -> None:
        self.hall = Hall()
        clock = self.hall.clock.ms
        verifier = Verifier(OneKey(Key(SECRET.encode(), "HS256")), clock=clock)
        self.connections = ConnectionEndpoints(
            verifier=verifier, streams=self.hall.streams, instance="here:1"
        )

    def token(self, user_id: str, ttl_seconds: float = 3600) -> str:
        return mint(SECRET, user_id, ttl_seconds=ttl_seconds, clock=self.hall.clock.ms)

    def request(self, token: str | None) -> Request:
        headers = [] if token is None else [(b"authorization", b"Bearer " + token.encode())]
        return Request({"type": "http", "headers": headers})

    async def page(self, token: str | None) -> Any:
        return json.loads(bytes((await self.connections.page(self.request(token))).body))

    async def renew(self, token: str | None) -> Any:
        return json.loads(bytes((await self.connections.renew(self.request(token))).body))


async def test_user_sees_his_own_open_streams_oldest_first() -> None:
    desk = Desk()
    first = desk.hall.open("ann", device="mobile")
    began_at = rfc3339(desk.hall.clock.ms())
    desk.hall.pass_seconds(2)
    second, _ = desk.hall.open("ann"), desk.hall.open("bob", device="desktop")
    later_at = rfc3339(desk.hall.clock.ms())
    assert await desk.page(desk.token("ann")) == {
        "items": [
            {"id": first.id, "device": "mobile", "connected_at": began_at, "instance": "here:1"},
            {"id": second.id, "device": None, "connected_at": later_at, "instance": "here:1"},
        ],
        "next_cursor": None,
    }
    first.lost()
    assert [item["id"] for item in (await desk.page(desk.token("ann")))["items"]] == [second.id]
    assert await desk.page(desk.token("nobody")) == {"items": [], "next_cursor": None}


async def test_renewal_prolongs_the_callers_streams_to_the_end_of_the_token_shown() -> None:
    desk = Desk()
    mine, his = desk.hall.open("ann", expires_in=100), desk.hall.open("bob", expires_in=100)
    desk.hall.pass_seconds(50)
    ends_at = desk.hall.clock.ms() + 500_000
    answer = await desk.renew(desk.token("ann", 500))
    assert answer == {"renewed": 1, "expires_at": rfc3339(ends_at)}
    assert (mine.expires_at, his.expires_at) == (ends_at, his.connected_at + 100_000)
    desk.hall.pass_seconds(100)
    assert (mine.close_reason is None, his.close_reason is None) == (True, False)


@pytest.mark.parametrize("verb", ["page", "renew"])
async def test_without_a_good_token_nothing_is_shown_and_nothing_prolonged(verb: str) -> None:
    desk = Desk()
    outlet = desk.hall.open("ann", expires_in=100)
    expired = desk.token("ann", 10)
    desk.hall.pass_seconds(30)
    for token in (None, "garbage", expired, desk.token("ann")[:-3] + "abc"):
        with pytest.raises(Unauthenticated):
            await getattr(desk, verb)(token)
    assert outlet.expires_at == outlet.connected_at + 100_000
