"""Rate limiter: a burst, then a rate, for each user and limit; a large request is paid for afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.auth import ADMIN, PUBLISH, Principal
from lumen_notify.errors import RateLimited
from lumen_notify.http import rate_limiter as module
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.http.rate_limits import RateLimit
from lumen_notify.rates import Rate

LIMIT = RateLimit(name="messages", rate=Rate(60, "minute", at_once=5), of="messages")
OTHER = RateLimit(name="marks", rate=Rate(60, "minute", at_once=5), of="marks")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def user(name: str = "ann", *scopes: str) -> Principal:
    return Principal(user_id=name, scopes=frozenset(scopes), expires_at=0)


def admitted(limiter: RateLimiter, number: int, limit: RateLimit = LIMIT, *, name: str = "ann") -> int:
    """Return how many of so many requests are admitted."""
    done = 0
    for _ in range(number):
        try:
            limiter.admit(user(name), limit)
        except RateLimited:
            continue
        done += 1
    return done


def test_a_burst_is_admitted_and_then_one_a_second() -> None:
    limiter = RateLimiter(clock := Clock())
    assert admitted(limiter, 20) == 5
    with pytest.raises(
        RateLimited, match=r"At most 60 a minute are allowed, 5 at once: messages\."
    ) as caught:
        limiter.admit(user(), LIMIT)
    assert (caught.value.limit, caught.value.retry_after_seconds) == ("messages", 1)
    clock.now += 2
    assert admitted(limiter, 20) == 2
    clock.now += 3600
    assert admitted(limiter, 20) == 5


def test_users_and_limits_are_counted_apart() -> None:
    limiter = RateLimiter(Clock())
    assert admitted(limiter, 20) == 5
    assert admitted(limiter, 20, OTHER) == 5
    assert admitted(limiter, 20, name="bob") == 5


@pytest.mark.parametrize("scope", [PUBLISH, ADMIN])
def test_tokens_of_the_application_are_not_limited(scope: str) -> None:
    limiter = RateLimiter(Clock())
    for _ in range(2000):
        limiter.admit(user("app", scope), LIMIT)
        limiter.charge(user("app", scope), LIMIT, 1000)
    assert len(limiter) == 0


def test_nothing_is_limited_where_limits_are_off() -> None:
    assert admitted(RateLimiter(Clock(), is_on=False), 2000) == 2000


def test_a_large_request_is_admitted_and_the_next_waits_for_its_cost() -> None:
    limiter = RateLimiter(clock := Clock())
    limiter.admit(user(), LIMIT)
    limiter.charge(user(), LIMIT, 100)
    with pytest.raises(RateLimited) as caught:
        limiter.admit(user(), LIMIT)
    assert caught.value.retry_after_seconds == 97  # 101 taken, of which 5 were there; one more is needed
    clock.now += 96.9
    assert admitted(limiter, 1) == 0
    clock.now += 0.2
    assert admitted(limiter, 1) == 1


def test_of_large_requests_at_once_one_is_admitted() -> None:
    limiter = RateLimiter(Clock())
    for _ in range(4):
        limiter.admit(user(), LIMIT)
    limiter.charge(user(), LIMIT, 100)
    for _ in range(3):
        with pytest.raises(RateLimited):
            limiter.charge(user(), LIMIT, 100)


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 30)), max_size=40))
def test_no_user_gets_more_than_the_burst_and_the_rate(steps: list[tuple[float, int]]) -> None:
    limiter = RateLimiter(clock := Clock())
    taken = largest = 0
    waits: list[int] = []
    for seconds, tokens in steps:
        clock.now += seconds
        try:
            limiter.admit(user(), LIMIT)
        except RateLimited as refusal:
            waits.append(refusal.retry_after_seconds)
            continue
        limiter.charge(user(), LIMIT, tokens)
        taken += 1 + tokens
        largest = max(largest, tokens)
    assert all(1 <= wait <= 1 + max(1, largest) for wait in waits)
    assert taken <= 5 + (clock.now - 1000) + 1 + largest


def test_memory_is_bounded_and_who_floods_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BUCKETS", 100)
    limiter = RateLimiter(clock := Clock())
    limiter.admit(user("flood"), LIMIT)
    limiter.charge(user("flood"), LIMIT, 1000)
    for number in range(1000):
        limiter.admit(user(f"user {number}"), LIMIT)
        assert len(limiter) <= 100
    assert admitted(limiter, 1, name="flood") == 0
    clock.now += 10
    for number in range(200):
        limiter.admit(user(f"another {number}"), LIMIT)
    assert admitted(limiter, 1, name="flood") == 0
