"""JWKS: the public keys that the tokens' issuer publishes as a JSON Web Key Set (RFC 7517).

Promise: at most one fetch runs at a time, and fetches are at least COOLDOWN_SECONDS apart, whatever the
tokens claim. A server that hangs blocks one thread, not the event loop.

    the token's key is   last successful fetch          result
    known                within FRESH_SECONDS           the key is used
    known                within USABLE_SECONDS          the key is used at once, and fetched again meanwhile
    known                older                          fetch; Unavailable if it fails
    unknown              any age                        fetch, unless one has just run; then Unavailable if
                                                        the fetch failed, else Unauthenticated
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import islice

import jwt

from lumen_notify.auth import jws
from lumen_notify.auth.keys import Key, typed_key
from lumen_notify.auth.refusals import MALFORMED, invalid
from lumen_notify.errors import Unavailable
from lumen_notify.outages import cause_of

FETCH_SECONDS = 5.0
COOLDOWN_SECONDS = 5.0
FRESH_SECONDS = 300.0
"""A key that the issuer withdraws is refused after this time; tokens already verified stay valid until they
expire."""
USABLE_SECONDS = 3600.0
"""How long tokens with a known key are accepted while the issuer is down."""
MAX_KEYS = 100

_log = logging.getLogger("lumen_notify.auth")


class JwksClient:
    """A KeySource that fetches the keys from a URL and selects one by the token's `kid`.

    timeout_seconds: how long callers wait for a fetch before they get Unavailable.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = FETCH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # PyJWKClient's own caches are off: they fetch on every call while the server is down.
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=timeout_seconds)
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._is_answering = False
        self._fresh_deadline = self._usable_deadline = self._cooldown_deadline = float("-inf")
        self._fetch_task: asyncio.Task[None] | None = None

    async def key_for(self, token: str) -> Key:
        """Return the key that the token names. Raises Unauthenticated, Unavailable."""
        try:
            kid = jws.header_of(token.encode()).get("kid")
        except jws.Malformed:
            raise invalid(MALFORMED) from None
        if not isinstance(kid, str):
            raise invalid("has no key id (`kid`)")
        if (key := self._usable_key(kid)) is not None:
            if self._monotonic() >= self._fresh_deadline:
                self._start_fetch()
            return key
        await self._refresh()
        if (key := self._usable_key(kid)) is not None:
            return key
        if self._is_answering:
            raise invalid("is signed with a key that its issuer does not publish")
        raise _unavailable()

    async def check(self) -> None:
        """Fetch the keys. Raises Unavailable if the server does not answer with keys."""
        await self._refresh()
        if not self._is_answering:
            raise _unavailable()

    def _usable_key(self, kid: str) -> Key | None:
        return self._keys.get(kid) if self._monotonic() < self._usable_deadline else None

    async def _refresh(self) -> None:
        fetch = self._start_fetch()
        if fetch is None:
            return
        # `wait` cancels nothing: the fetch goes on for the other callers after a timeout or a cancelled
        # caller.
        done, _ = await asyncio.wait({fetch}, timeout=self._timeout_seconds)
        if not done:
            self._is_answering = False

    def _start_fetch(self) -> asyncio.Task[None] | None:
        """Return the fetch that is running, or start one; None if the last one has just ended."""
        if self._fetch_task is None or self._fetch_task.done():
            if self._monotonic() < self._cooldown_deadline:
                return None
            self._fetch_task = asyncio.create_task(self._fetch(), name="jwks fetch")
        return self._fetch_task

    async def _fetch(self) -> None:
        try:
            fetched = await asyncio.to_thread(self._client.get_signing_keys)
        except Exception as error:  # noqa: BLE001 - malformed JSON makes PyJWKClient raise arbitrary errors
            self._is_answering = False
            _log.error("The key server does not answer: %s: %s", type(error).__name__, cause_of(error))
        else:
            self._keys = _by_id(fetched)
            self._is_answering = True
            self._fresh_deadline = self._monotonic() + FRESH_SECONDS
            self._usable_deadline = self._monotonic() + USABLE_SECONDS
        finally:
            self._cooldown_deadline = self._monotonic() + COOLDOWN_SECONDS


def _unavailable() -> Unavailable:
    return Unavailable("The key server of the token issuer does not answer.", code="keys_unavailable")


def _by_id(fetched: list[jwt.PyJWK]) -> dict[str, Key]:
    # Skips secrets (`oct`), private keys, unsupported types, and keys whose `alg` is not the one that we
    # would use them with.
    keys = {}
    for jwk in islice(fetched, MAX_KEYS):
        key = typed_key(jwk.key)
        if key is not None and key.algorithm == jwk.algorithm_name and isinstance(jwk.key_id, str):
            keys[jwk.key_id] = key
    return keys
