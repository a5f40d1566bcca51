"""LoginLimiter: asks the database before each password check, but seldom about what is refused already."""

from __future__ import annotations

from typing import Any

import pytest

from lumen_notify.accept.accounts import login_limiter as module
from lumen_notify.accept.accounts.login_limiter import LoginLimiter
from lumen_notify.commit.accounts.attempts import BY_ADDRESS, BY_BOTH, CountAttempt, Exceeded, Limit
from lumen_notify.errors import RateLimited


class Counts:
    """A committer that finds one limit exceeded, or none."""

    def __init__(self) -> None:
        self.exceeded_limit: Limit | None = None
        self.asked = 0

    async def submit(self, command: Any) -> Exceeded | None:
        assert isinstance(command, CountAttempt)
        self.asked += 1
        for attempt in command.attempts:
            if attempt.limit == self.exceeded_limit:
                return Exceeded(limit=attempt.limit, key=attempt.key, seconds=42)
        return None


class Clock:
    ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


async def refusal(limiter: LoginLimiter, name: str = "ann", address: str = "10.0.0.1") -> RateLimited:
    with pytest.raises(RateLimited) as caught:
        await limiter.log_in(name, address)
    assert name not in caught.value.message
    return caught.value


async def test_refusal_says_what_is_allowed_and_when_to_try_again() -> None:
    counts = Counts()
    limiter = LoginLimiter(counts, Clock())
    await limiter.log_in("ann", "10.0.0.1")
    counts.exceeded_limit = BY_BOTH
    error = await refusal(limiter)
    assert error.message == (
        "At most 10 log-ins by this name from this address are allowed in 60 s. Try again in 42 s."
    )
    assert (error.retry_after_seconds, error.limit) == (42, "log_ins")


async def test_what_is_refused_is_asked_once_a_second() -> None:
    counts, clock = Counts(), Clock()
    limiter = LoginLimiter(counts, clock)
    counts.exceeded_limit = BY_ADDRESS
    for number in range(100):
        await refusal(limiter, f"name-{number}")
    assert counts.asked == 1
    await refusal(limiter, address="10.0.0.2")
    assert counts.asked == 2
    clock.ms += 1000
    counts.exceeded_limit = None
    await limiter.log_in("ann", "10.0.0.1")


async def test_clock_that_is_set_back_keeps_no_refusal() -> None:
    counts, clock = Counts(), Clock()
    limiter = LoginLimiter(counts, clock)
    counts.exceeded_limit = BY_BOTH
    await refusal(limiter)
    counts.exceeded_limit = None
    clock.ms -= 86_400_000
    await limiter.log_in("ann", "10.0.0.1")


async def test_memory_of_refusals_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REFUSED", 10)
    counts = Counts()
    limiter = LoginLimiter(counts, Clock())
    counts.exceeded_limit = BY_BOTH
    for number in range(100):
        await refusal(limiter, f"name-{number}")
        assert len(limiter._refused) <= 10


async def test_switched_off_nothing_is_counted() -> None:
    counts = Counts()
    limiter = LoginLimiter(counts, Clock(), is_on=False)
    await limiter.log_in("ann", "10.0.0.1")
    await limiter.register("10.0.0.1")
    assert limiter.keys_of_user("ann", "10.0.0.1") == ()
    assert counts.asked == 0
