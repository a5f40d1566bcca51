"""LoginLimiter: a fixed number of attempts per window, counted before the password check, in bounded
memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_notify.auth import LoginLimiter, login_limiter
from lumen_notify.auth.login_limiter import BY_ADDRESS, BY_BOTH, BY_NAME, REGISTRATIONS, network_of
from lumen_notify.errors import RateLimited

if TYPE_CHECKING:
    from auth.conftest import Clock


def refused(limiter: LoginLimiter, name: str, address: str) -> int:
    with pytest.raises(RateLimited) as caught:
        limiter.log_in(name, address)
    assert name not in caught.value.message
    return caught.value.retry_after_seconds


def test_one_name_from_one_address_is_limited_per_minute(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for _ in range(BY_BOTH.attempts):
        limiter.log_in("ann", "10.0.0.1")
    assert refused(limiter, "ann", "10.0.0.1") == 60
    limiter.log_in("ann", "10.0.0.2")
    limiter.log_in("bob", "10.0.0.1")

    clock.ms += 59_001
    assert refused(limiter, "ann", "10.0.0.1") == 1
    clock.ms += 999
    limiter.log_in("ann", "10.0.0.1")


def test_refusal_says_what_is_allowed_and_when_to_try_again(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for _ in range(BY_BOTH.attempts):
        limiter.log_in("ann", "10.0.0.1")
    with pytest.raises(RateLimited) as caught:
        limiter.log_in("ann", "10.0.0.1")
    assert caught.value.message == (
        "At most 10 log-ins by this name from this address are allowed in 60 s. Try again in 60 s."
    )


def test_one_name_from_many_addresses_is_limited_per_hour(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for number in range(BY_NAME.attempts):
        limiter.log_in("ann", f"10.0.0.{number}")
    assert refused(limiter, "ann", "10.0.1.1") == 3600
    limiter.log_in("bob", "10.0.1.1")
    clock.ms += 3_600_000
    limiter.log_in("ann", "10.0.1.1")


def test_one_address_with_many_names_is_limited_per_hour(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for number in range(BY_ADDRESS.attempts):
        limiter.log_in(f"name-{number}", "10.0.0.1")
    known = len(limiter)
    refused(limiter, "another", "10.0.0.1")
    assert len(limiter) == known, "a refusal by address takes no memory"
    limiter.log_in("another", "10.0.0.2")


def test_a_log_in_resets_the_name_but_not_the_address(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for _ in range(BY_ADDRESS.attempts):
        limiter.log_in("ann", "10.0.0.1")
        limiter.reset("ann", "10.0.0.1")
    refused(limiter, "ann", "10.0.0.1")


def test_registrations_are_counted_separately(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for _ in range(REGISTRATIONS.attempts):
        limiter.register("10.0.0.1")
    with pytest.raises(RateLimited):
        limiter.register("10.0.0.1")
    limiter.log_in("ann", "10.0.0.1")


def test_switched_off_nothing_is_counted(clock: Clock) -> None:
    limiter = LoginLimiter(clock, is_on=False)
    for _ in range(1000):
        limiter.log_in("ann", "10.0.0.1")
        limiter.register("10.0.0.1")
    assert len(limiter) == 0


def test_a_clock_that_is_set_back_locks_nobody_out(clock: Clock) -> None:
    limiter = LoginLimiter(clock)
    for _ in range(BY_BOTH.attempts):
        limiter.log_in("ann", "10.0.0.1")
    clock.ms -= 86_400_000
    limiter.log_in("ann", "10.0.0.1")


def test_memory_is_bounded_and_finished_windows_are_dropped_first(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login_limiter, "MAX_WINDOWS", 100)
    limiter = LoginLimiter(clock)
    for number in range(300):
        limiter.log_in(f"name-{number}", f"10.0.0.{number}")
        assert len(limiter) <= 100
    full = LoginLimiter(clock)
    for _ in range(BY_BOTH.attempts):
        full.log_in("ann", "10.0.0.1")
    clock.ms += 30_000
    for number in range(60):
        full.register(f"10.0.1.{number}")
    refused(full, "ann", "10.0.0.1")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
