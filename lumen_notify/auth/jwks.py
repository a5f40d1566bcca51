"""Keyserver: the public keys that the tokens' issuer publishes as a JSON Web Key Set (RFC 7517).

Promise: at most one fetch runs at a time, COOLDOWN_SECONDS lie between two, whatever the tokens claim, and a
server that hangs holds one thread, not the loop.

    the token's key is   and the last good fetch is     then
    known                younger than FRESH_SECONDS     it is used
    known                older                          a fetch; if it fails, the key is still used until
                                                        USABLE_SECONDS, then Unavailable
    unknown              of any age                     a fetch, unless one has just been; if it failed,
                                                        Unavailable, else Unauthenticated
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import islice

import jwt

from lumen_notify.auth.keys import Key, typed_key
from lumen_notify.auth.refusals import from_jwt, invalid
from lumen_notify.errors import Unavailable

FETCH_SECONDS = 5.0
COOLDOWN_SECONDS = 5.0
FRESH_SECONDS = 300.0
"""A key that the issuer takes back is refused after this time, and cached tokens when they expire."""
USABLE_SECONDS = 3600.0
"""How long the issuer may be down without harm to tokens whose key is known."""
MAX_KEYS = 100

logger = logging.getLogger(__name__)


class Keyserver:
    """A KeySource that fetches the keys from a URL and finds them by the token's `kid`.

    timeout_seconds: how long a fetch may take before callers are told Unavailable.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = FETCH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        # PyJWKClient's own caches are off: they fetch again and again while the server is down.
        self._client = jwt.PyJWKClient(url, cache_jwk_set=False, timeout=timeout_seconds)
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._keys: dict[str, Key] = {}
        self._is_answering = False
        self._fresh_deadline = self._usable_deadline = self._cooldown_deadline = float("-inf")
        self._fetch_task: asyncio.Task[None] | None = None

    async def key_for(self, token: str) -> Key:
        """Return the key that the token names. Raises Unauthenticated and Unavailable."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.PyJWTError as error:
            raise from_jwt(error) from None
        if not isinstance(kid, str):
            raise invalid("names no key (`kid`)")
        key = self._keys.get(kid)
        if key is None or self._monotonic() >= self._fresh_deadline:
            await self._refresh()
            key = self._keys.get(kid)
        if key is not None and self._monotonic() < self._usable_deadline:
            return key
        if self._is_answering:
            raise invalid("is signed by a key that its issuer does not publish")
        raise Unavailable("The server with the tokens' keys does not answer.", code="keys_unavailable")

    async def _refresh(self) -> None:
        if self._fetch_task is None or self._fetch_task.done():
            if self._monotonic() < self._cooldown_deadline:
                return
            self._fetch_task = asyncio.create_task(self._fetch(), name="keyserver fetch")
        # `wait` cancels nothing: neither a time-out nor a caller who leaves ends the fetch of the others.
        done, _ = await asyncio.wait({self._fetch_task}, timeout=self._timeout_seconds)
        if not done:
            self._is_answering = False

    async def _fetch(self) -> None:
        try:
            found = await asyncio.to_thread(self._client.get_signing_keys)
        except Exception as error:  # noqa: BLE001 - PyJWKClient lets through whatever odd JSON makes it raise
            self._is_answering = False
            logger.warning("the key server gave no keys: %s: %s", type(error).__name__, error)
        else:
            self._keys = _by_id(found)
            self._is_answering = True
            self._fresh_deadline = self._monotonic() + FRESH_SECONDS
            self._usable_deadline = self._monotonic() + USABLE_SECONDS
        finally:
            self._cooldown_deadline = self._monotonic() + COOLDOWN_SECONDS


def _by_id(found: list[jwt.PyJWK]) -> dict[str, Key]:
    # Secrets (`oct`), private keys and kinds not used here are passed over, and so is a key that its issuer
    # means for another algorithm than the one that we would use it with.
    keys = {}
    for each in islice(found, MAX_KEYS):
        key = typed_key(each.key)
        if key is not None and key.algorithm == each.algorithm_name and isinstance(each.key_id, str):
            keys[each.key_id] = key
    return keys
