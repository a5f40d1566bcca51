"""JwksClient: key rotation, an issuer that is down, slow or malformed, and the number of fetches."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from lumen_notify.auth import Verifier, mint
from lumen_notify.auth.jwks import (
    COOLDOWN_SECONDS,
    FRESH_SECONDS,
    MAX_KEYS,
    USABLE_SECONDS,
    JwksClient,
)
from lumen_notify.errors import Unauthenticated, Unavailable
from lumen_notify.settings import Settings

if TYPE_CHECKING:
    from auth.conftest import KeyServer, Pair

CLAIMS = {"sub": "alice", "exp": 4_000_000_000}


class Monotonic:
    """A monotonic clock that stands still until a test moves it, in seconds."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


class Setup:
    """A verifier with a key server; `verify` gives it a token that it has not cached."""

    def __init__(self, server: KeyServer, timeout_seconds: float = 5.0) -> None:
        self.monotonic = Monotonic()
        self.keys = JwksClient(server.url, timeout_seconds=timeout_seconds, monotonic=self.monotonic)
        self.verifier = Verifier(self.keys)

    async def verify(self, pair: Pair, **headers: Any) -> str:
        self.verifier._verified.clear()
        return (await self.verifier.verify(pair.sign(CLAIMS, **headers))).user_id


@pytest.fixture
def pair(pairs: dict[str, Pair]) -> Pair:
    return pairs["ES256"]


@pytest.fixture
def other(pair: Pair) -> Pair:
    return type(pair)("ES256", kid="two")


async def test_every_kind_of_key_is_fetched_once_by_its_id(
    key_server: KeyServer, pairs: dict[str, Pair]
) -> None:
    key_server.publish(*({**each.jwk, "kid": each.algorithm} for each in pairs.values()))
    setup = Setup(key_server)

    for each in pairs.values():
        assert await setup.verify(each, kid=each.algorithm) == "alice"
    with pytest.raises(Unauthenticated, match="alg"):
        await setup.verify(pairs["RS256"], kid="ES256")

    assert key_server.fetches == 1


async def test_settings_lead_to_the_key_server(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(pair.jwk)
    verifier = Verifier.from_settings(Settings(jwt_jwks_url=key_server.url))

    assert (await verifier.verify(pair.sign(CLAIMS))).user_id == "alice"


async def test_a_new_key_is_found_and_an_old_one_forgotten(
    key_server: KeyServer, pair: Pair, other: Pair
) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server)
    await setup.verify(pair)
    key_server.publish(other.jwk)
    setup.monotonic.seconds += COOLDOWN_SECONDS

    assert await setup.verify(other) == "alice"
    with pytest.raises(Unauthenticated, match="does not publish"):
        await setup.verify(pair)
    assert key_server.fetches == 2


async def test_a_withdrawn_key_is_refused_once_the_cached_set_is_stale(
    key_server: KeyServer, pair: Pair, other: Pair
) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server)
    await setup.verify(pair)
    key_server.publish(other.jwk)

    setup.monotonic.seconds += FRESH_SECONDS - 1
    assert await setup.verify(pair) == "alice"
    setup.monotonic.seconds += 1
    assert await setup.verify(pair) == "alice", "it is fetched beside"
    assert setup.keys._fetch_task is not None
    await setup.keys._fetch_task
    with pytest.raises(Unauthenticated, match="does not publish"):
        await setup.verify(pair)


async def test_a_known_key_never_waits_for_a_server_that_hangs(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server, timeout_seconds=3600)
    await setup.verify(pair)
    key_server.hang()
    for _ in range(20):
        setup.monotonic.seconds += FRESH_SECONDS / 10
        assert await setup.verify(pair) == "alice"
    key_server.release.set()


async def test_unknown_key_ids_cause_at_most_one_fetch_per_cooldown(
    key_server: KeyServer, pair: Pair
) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server)

    for number in range(50):
        with pytest.raises(Unauthenticated, match="does not publish"):
            await setup.verify(pair, kid=f"made up {number}")
    assert key_server.fetches == 1

    setup.monotonic.seconds += COOLDOWN_SECONDS
    results = await asyncio.gather(
        *(setup.verify(pair, kid=f"new {number}") for number in range(50)), return_exceptions=True
    )
    assert all(isinstance(result, Unauthenticated) for result in results)
    assert key_server.fetches == 2
    assert await setup.verify(pair) == "alice"


async def test_a_server_that_is_down_is_unavailable_and_asked_once_per_cooldown(
    key_server: KeyServer, pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    key_server.status = 503
    setup = Setup(key_server)

    with caplog.at_level(logging.WARNING):
        results = [await asyncio.gather(setup.verify(pair), return_exceptions=True) for _ in range(20)]
    assert {error.code for [error] in results if isinstance(error, Unavailable)} == {"keys_unavailable"}
    assert all(isinstance(error, Unavailable) for [error] in results)
    assert key_server.fetches == len(caplog.records) == 1

    key_server.status = 200
    key_server.publish(pair.jwk)
    setup.monotonic.seconds += COOLDOWN_SECONDS
    assert await setup.verify(pair) == "alice"


async def test_no_server_at_the_url_is_unavailable(key_server: KeyServer, pair: Pair) -> None:
    setup = Setup(key_server)
    key_server.close()

    with pytest.raises(Unavailable):
        await setup.verify(pair)


async def test_known_keys_outlive_an_outage_for_a_while(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server)
    await setup.verify(pair)
    key_server.status = 500

    setup.monotonic.seconds += USABLE_SECONDS - 1
    assert await setup.verify(pair) == "alice"
    with pytest.raises(Unavailable):
        await setup.verify(pair, kid="unknown")
    setup.monotonic.seconds += 1
    with pytest.raises(Unavailable):
        await setup.verify(pair)


async def test_cached_tokens_need_no_key_server(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(pair.jwk)
    setup = Setup(key_server)
    token = pair.sign(CLAIMS)
    await setup.verifier.verify(token)
    key_server.status = 500
    setup.monotonic.seconds += 2 * USABLE_SECONDS

    assert (await setup.verifier.verify(token)).user_id == "alice"
    assert key_server.fetches == 1


async def test_a_hanging_server_gets_one_fetch_and_does_not_block_the_loop(
    key_server: KeyServer, pair: Pair
) -> None:
    key_server.publish(pair.jwk)
    key_server.hang()
    setup = Setup(key_server, timeout_seconds=0.2)

    results = await asyncio.wait_for(
        asyncio.gather(*(setup.verify(pair) for _ in range(50)), return_exceptions=True), 10
    )

    assert all(isinstance(result, Unavailable) for result in results)
    assert key_server.fetches == 1
    assert setup.keys._fetch_task is not None
    await asyncio.wait_for(setup.keys._fetch_task, 10)
    key_server.release.set()
    setup.monotonic.seconds += COOLDOWN_SECONDS
    assert await setup.verify(pair) == "alice"


async def test_a_cancelled_caller_does_not_cancel_the_fetch_of_the_others(
    key_server: KeyServer, pair: Pair
) -> None:
    key_server.publish(pair.jwk)
    key_server.hang()
    setup = Setup(key_server)
    first, second = (asyncio.create_task(setup.verify(pair)) for _ in range(2))
    assert await asyncio.to_thread(key_server.is_asked.wait, 10)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    key_server.release.set()

    assert await asyncio.wait_for(second, 10) == "alice"
    assert key_server.fetches == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe\xfa",
        b"[]",
        b"null",
        b"{}",
        b'{"keys": []}',
        b'{"keys": {"a": 1}}',
        b'{"keys": ["a"]}',
        b'{"keys": [{"kty": "EC"}]}',
        b'{"keys": [{"kty": "RSA", "alg": ["RS256"]}]}',
        b'{"keys": [{"kty": ["RSA"]}]}',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_malformed_response_is_unavailable(key_server: KeyServer, pair: Pair, body: bytes) -> None:
    key_server.body = body

    with pytest.raises(Unavailable):
        await Setup(key_server).verify(pair)


async def test_secrets_and_private_keys_in_the_set_are_skipped(
    key_server: KeyServer, pairs: dict[str, Pair]
) -> None:
    rs256 = pairs["RS256"]
    private = jwt.get_algorithm_by_name("RS256").to_jwk(rs256.private, as_dict=True)
    key_server.publish(
        {"kty": "oct", "kid": "secret", "k": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg"},
        {**private, "kid": "private"},
        {**rs256.jwk, "kid": "other algorithm", "alg": "RS512"},
        {**rs256.jwk, "kid": "encryption", "use": "enc"},
        {**rs256.jwk, "kid": ["a list"]},
        rs256.jwk,
    )
    setup = Setup(key_server)
    head = {"kid": "secret", "alg": "HS256"}

    with pytest.raises(Unauthenticated):
        await setup.verifier.verify(jwt.encode(CLAIMS, "x" * 32, algorithm="HS256", headers=head))
    for kid in ("private", "other algorithm", "encryption"):
        with pytest.raises(Unauthenticated):
            await setup.verify(rs256, kid=kid)
    assert await setup.verify(rs256) == "alice"


async def test_the_number_of_keys_is_bounded(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(*({**pair.jwk, "kid": str(number)} for number in range(MAX_KEYS + 10)))
    setup = Setup(key_server)

    assert await setup.verify(pair, kid="0") == "alice"
    assert len(setup.keys._keys) == MAX_KEYS


async def test_a_token_without_a_key_id_causes_no_fetch(key_server: KeyServer) -> None:
    setup = Setup(key_server)

    for token in (mint("x" * 32, "alice", ttl_seconds=60), "no token", json.dumps(CLAIMS)):
        with pytest.raises(Unauthenticated):
            await setup.verifier.verify(token)
    assert key_server.fetches == 0


async def test_a_check_fetches_the_keys(key_server: KeyServer, pair: Pair) -> None:
    key_server.publish(pair.jwk)
    await Setup(key_server).verifier.check_keys()
    assert key_server.fetches == 1
    with pytest.raises(Unavailable):
        await JwksClient("http://127.0.0.1:9/keys").check()
