"""Login limiter: refuses log-ins and registrations over their limits, before a password is checked.

Promises: the attempts of all instances count together (`commit/accounts/attempts`); if they cannot be
counted, the request fails as Unavailable, and no password is checked; a client that goes on over a limit
costs one transaction per REFUSED_SECONDS, not one per request; memory is bounded by MAX_REFUSED.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lumen_notify.commit.accounts.attempts import (
    Attempt,
    CountAttempt,
    Exceeded,
    keys_of_user,
    log_in_attempts,
    registration_attempts,
)
from lumen_notify.errors import RateLimited
from lumen_notify.http.context import Committer

REFUSED_SECONDS = 1
"""How long a used-up window is remembered here. It may be forgotten earlier, by a log-in that succeeds."""

MAX_REFUSED = 10_000
"""Windows that are remembered, some 300 bytes each; beyond that all are counted by the database again."""


class _Refused(NamedTuple):
    """A window that is used up. at: when this was known, in milliseconds."""

    at: int
    exceeded: Exceeded


class LoginLimiter:
    """Counts attempts. clock: milliseconds. is_on: False allows everything."""

    def __init__(self, committer: Committer, clock: Callable[[], int], *, is_on: bool = True) -> None:
        self._committer = committer
        self._clock = clock
        self._is_on = is_on
        self._refused: dict[str, _Refused] = {}

    async def log_in(self, name: str, address: str) -> None:
        """Count one attempt to log in. Raises RateLimited, Unavailable."""
        if self._is_on:
            await self._count(log_in_attempts(name, address))

    async def register(self, address: str) -> None:
        """Count one attempt to register. Raises RateLimited, Unavailable."""
        if self._is_on:
            await self._count(registration_attempts(address))

    def keys_of_user(self, name: str, address: str) -> tuple[str, ...]:
        """Return the windows that are to be forgotten in the transaction that logs the user in."""
        return keys_of_user(name, address) if self._is_on else ()

    async def _count(self, attempts: tuple[Attempt, ...]) -> None:
        now = self._clock()
        for attempt in attempts:
            refused = self._refused.get(attempt.key)
            if refused is not None and 0 <= now - refused.at < REFUSED_SECONDS * 1000:
                raise _refusal(refused.exceeded)
        exceeded: Exceeded | None = await self._committer.submit(CountAttempt(attempts=attempts))
        if exceeded is not None:
            if len(self._refused) >= MAX_REFUSED:
                self._refused.clear()
            self._refused[exceeded.key] = _Refused(now, exceeded)
            raise _refusal(exceeded)


def _refusal(exceeded: Exceeded) -> RateLimited:
    limit = exceeded.limit
    return RateLimited(
        f"At most {limit.attempts} {limit.of} are allowed in {limit.seconds} s."
        f" Try again in {exceeded.seconds} s.",
        retry_after_seconds=exceeded.seconds,
        limit=limit.name,
    )
