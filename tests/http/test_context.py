"""Context: bodies are read up to the limit, and validated with the limits and the time of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter
from starlette.requests import Request

from clients import SECRET
from lumen_notify.auth import Revocations, Verifier, mint
from lumen_notify.auth.keys import Key, OneKey
from lumen_notify.errors import Invalid, TooLarge, Unauthenticated
from lumen_notify.http.context import Context, Limits
from lumen_notify.http.fields import Content, Ids, TimeAhead
from lumen_notify.http.rate_limiter import RateLimiter

NOW_MS = 1_793_000_000_000


class NoCommitter:
    async def submit(self, command: Any) -> Any:
        raise AssertionError(f"no test here submits a command: {command!r}")


def context(clock: Callable[[], int] = lambda: NOW_MS, revocations: Revocations | None = None) -> Context:
    return Context(
        verifier=Verifier(OneKey(Key(SECRET.encode(), "HS256")), clock=clock, revocations=revocations),
        committer=NoCommitter(),
        limits=Limits(max_body_bytes=40, max_content_characters=5, max_batch_rows=2, max_rooms=0),
        rate_limiter=RateLimiter(lambda: 0),
        clock=clock,
    )


def request(body: bytes = b"", token: str | None = None) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [] if token is None else [(b"authorization", b"Bearer " + token.encode())]
    return Request({"type": "http", "headers": headers}, receive)


async def test_caller_is_the_user_of_the_token() -> None:
    token = mint(SECRET, "ann", ttl_seconds=60, clock=lambda: NOW_MS)
    assert (await context().caller(request(token=token))).user_id == "ann"


async def test_token_that_is_revoked_or_expires_while_the_body_comes_is_refused() -> None:
    revocations, times = Revocations(), [NOW_MS]
    shared = context(lambda: times[0], revocations)
    asked = request(b"{}", mint(SECRET, "ann", ttl_seconds=60, clock=lambda: NOW_MS))
    await shared.caller(asked)
    await shared.no_body(asked)
    times[0] += 60_000
    with pytest.raises(Unauthenticated) as caught:
        await shared.read(asked)
    assert caught.value.code == "token_expired"
    times[0] = NOW_MS + 1
    revocations.revoke("ann", NOW_MS + 1)
    with pytest.raises(Unauthenticated) as caught:
        await shared.read(asked)
    assert caught.value.code == "token_revoked"


async def test_all_requests_without_a_token_get_one_text() -> None:
    with pytest.raises(Unauthenticated) as caught:
        await context().caller(request())
    assert caught.value.code == "token_missing"


@pytest.mark.parametrize(
    ("field", "body"),
    [
        (Content, b'"123456"'),
        (Ids, b'["a", "b", "c"]'),
        (TimeAhead, b'"2026-01-01T00:00:00Z"'),
    ],
    ids=["content", "ids", "time"],
)
async def test_body_is_validated_with_the_limits_and_the_time(field: Any, body: bytes) -> None:
    with pytest.raises(Invalid):
        await context().body(request(body), TypeAdapter(field))


async def test_good_body_is_returned() -> None:
    assert await context().body(request(b'"12345"'), TypeAdapter(Content)) == "12345"


async def test_body_over_the_limit_is_refused() -> None:
    with pytest.raises(TooLarge):
        await context().read(request(b"x" * 41))


async def test_operation_without_a_body_refuses_fields() -> None:
    for body in (b"", b"{}", b"\xef\xbb\xbf"):
        await context().no_body(request(body))
    for body, field in ((b'{"a": 1}', "a"), (b"[]", "body"), (b"no JSON", "body")):
        with pytest.raises(Invalid) as caught:
            await context().no_body(request(body))
        assert [fault.field for fault in caught.value.faults] == [field]
    with pytest.raises(TooLarge):
        await context().no_body(request(b" " * 41))
