"""Passwords: hashed by argon2id, verified, in threads of their own.

Promises: at most RUNNING hashes are made at once, each of which takes MEMORY_KIB, and at most WAITING callers
wait for that; for a user who does not exist the same work is done as for one who does; no password is kept,
shown in a repr, or told in an error.

This is the only door to argon2. Not here: how often somebody may try (`attempts`).
"""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from lumen_notify.errors import Unavailable
from lumen_notify.settings import Secret

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
"""The second recommended option of RFC 9106, section 4: some 50 to 150 ms of work."""

SALT_BYTES = 16
HASH_BYTES = 32

RUNNING = 2
"""Hashes made at once: 128 MiB together."""

WAITING = 30
"""Callers that wait, at most: some seconds of work. The next is told to come back."""

NICENESS = 10
"""Of the threads, on Linux: streams go on while many log in. Measured on two cores: the loop's median turn
grew by a tenth with it, by two thirds without."""

Result = TypeVar("Result")


class Passwords:
    """Hashes and verifies. memory_kib: of one hash; lanes: how many it is made in; running, waiting: callers.

    verified: how many verifications have been done.
    """

    def __init__(
        self,
        *,
        time_cost: int = TIME_COST,
        memory_kib: int = MEMORY_KIB,
        lanes: int = LANES,
        running: int = RUNNING,
        waiting: int = WAITING,
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, lanes, HASH_BYTES, SALT_BYTES)
        # Looks like a hash made with these parameters, and is that of no password that anybody knows.
        salt, digest = (_base64(secrets.token_bytes(size)) for size in (SALT_BYTES, HASH_BYTES))
        self._nobodys = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={lanes}${salt}${digest}"
        self._threads = ThreadPoolExecutor(running, "passwords", initializer=_give_way)
        self._most = running + waiting
        self._callers = 0
        self.verified = 0

    async def hash(self, password: Secret) -> str:
        """Make a hash with a salt of its own. Raises Unavailable: too many wait."""
        return await self._run(lambda: self._hasher.hash(_prepared(password)))

    async def verify(self, hashed: str | None, password: Secret) -> bool:
        """Return whether it is this password. hashed: None where there is no such user.

        Raises Unavailable: too many wait.
        """
        is_it = await self._run(lambda: self._is_it(hashed or self._nobodys, password))
        return is_it and hashed is not None

    def is_outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(hashed)

    async def close(self) -> None:
        """Finish what runs, drop what waits."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _is_it(self, hashed: str, password: Secret) -> bool:
        self.verified += 1
        try:
            return self._hasher.verify(hashed, _prepared(password))
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._callers >= self._most:
            raise Unavailable(
                f"{self._callers} passwords wait already; try again in a moment", code="overloaded"
            )
        self._callers += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._callers -= 1


def is_like(password: Secret, name: str) -> bool:
    """Whether a password is the name itself, whatever its case and form."""
    return unicodedata.normalize("NFKC", password.reveal()).casefold() == name.casefold()


def _give_way() -> None:
    """Let the loop's thread, and whatever else runs here, go before this one and those that it starts."""
    if (
        sys.platform == "linux"
    ):  # where a thread has a niceness of its own (setpriority(2), "C library/kernel")
        me = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, me, max(NICENESS, os.getpriority(os.PRIO_PROCESS, me)))


def _prepared(password: Secret) -> bytes:
    # One form for what looks the same, and nothing else (RFC 8265, section 4.2: OpaqueString).
    return unicodedata.normalize("NFC", password.reveal()).encode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()
