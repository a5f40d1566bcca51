"""Password hasher: hash and verify passwords with argon2id, in worker threads.

Promises: at most RUNNING hashes run at once, each using MEMORY_KIB, and at most WAITING callers wait; an
unknown user costs the same work as a known one; no password is stored, or appears in a repr or an error.

Only this module imports argon2. Not here: how many attempts a user has (`commit/accounts/attempts`).
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

import argon2
from argon2.exceptions import VerifyMismatchError

from lumen_notify.errors import Unavailable
from lumen_notify.settings import Secret

TIME_COST = 3
MEMORY_KIB = 64 * 1024
LANES = 4
"""The second recommended option of RFC 9106, section 4: about 50 to 150 ms of work."""

SALT_BYTES = 16
HASH_BYTES = 32

RUNNING = 2
"""Concurrent hashes: 128 MiB together."""

WAITING = 30
"""Callers that may wait: a few seconds of work. Further callers get Unavailable."""

NICENESS = 10
"""Niceness of the worker threads, on Linux, so that streams keep up while many users log in. Measured on two
cores: the event loop's median iteration takes 10 % longer with it, 67 % longer without."""

Result = TypeVar("Result")


class PasswordHasher:
    """Hashes and verifies passwords.

    memory_kib: memory of one hash. lanes: parallelism of one hash. running: concurrent hashes. waiting:
    callers that may wait. verified: the number of verifications so far.
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
        self._argon2 = argon2.PasswordHasher(time_cost, memory_kib, lanes, HASH_BYTES, SALT_BYTES)
        # Verified against for unknown users: a well-formed hash with these parameters that no known password
        # has.
        salt, digest = (_base64(secrets.token_bytes(size)) for size in (SALT_BYTES, HASH_BYTES))
        self._dummy_hash = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={lanes}${salt}${digest}"
        self._threads = ThreadPoolExecutor(running, "passwords", initializer=_lower_priority)
        self._max_callers = running + waiting
        self._callers = 0
        self.verified = 0

    async def hash(self, password: Secret) -> str:
        """Return a hash with a random salt. Raises Unavailable if too many callers are waiting."""
        return await self._run(lambda: self._argon2.hash(_normalized(password)))

    async def verify(self, hashed: str | None, password: Secret) -> bool:
        """Return whether the password matches the hash. hashed: None if the user does not exist.

        Raises Unavailable if too many callers are waiting.
        """
        is_match = await self._run(lambda: self._matches(hashed or self._dummy_hash, password))
        return is_match and hashed is not None

    def require_capacity(self) -> None:
        """Raise Unavailable if too many callers are waiting."""
        if self._callers >= self._max_callers:
            raise Unavailable(
                f"{self._callers} password checks are already waiting. Try again in a moment.",
                code="overloaded",
            )

    def is_outdated(self, hashed: str) -> bool:
        """Return whether a hash was made with other parameters than the current ones."""
        return self._argon2.check_needs_rehash(hashed)

    async def close(self) -> None:
        """Finish the running hashes, cancel the waiting ones."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    def _matches(self, hashed: str, password: Secret) -> bool:
        self.verified += 1
        try:
            return self._argon2.verify(hashed, _normalized(password))
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        self.require_capacity()
        self._callers += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._callers -= 1


def is_same_as_username(password: Secret, username: str) -> bool:
    """Return whether a password equals the username, ignoring case and Unicode form (NFKC)."""
    return unicodedata.normalize("NFKC", password.reveal()).casefold() == username.casefold()


def _lower_priority() -> None:
    """Lower this thread's scheduling priority, so that hashing does not starve the event loop."""
    # On Linux the niceness is per thread: setpriority(2), "C library/kernel differences".
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))


def _normalized(password: Secret) -> bytes:
    # NFC, so that texts that look the same are the same password (RFC 8265, section 4.2: OpaqueString).
    return unicodedata.normalize("NFC", password.reveal()).encode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode()
