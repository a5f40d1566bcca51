"""Attempts: so many in a window, counted before they are looked at, in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lumen_notify.auth import Attempts
from lumen_notify.auth import login_limiter as attempts
from lumen_notify.auth.login_limiter import BY_ADDRESS, BY_BOTH, BY_NAME, REGISTRATIONS, network_of
from lumen_notify.errors import RateLimited

if TYPE_CHECKING:
    from auth.conftest import Clock


def refused(attempt: Attempts, name: str, address: str) -> int:
    with pytest.raises(RateLimited) as caught:
        attempt.log_in(name, address)
    assert name not in caught.value.message
    return caught.value.retry_after_seconds


def test_one_name_from_one_address_may_fail_so_often_in_a_minute(clock: Clock) -> None:
    tries = Attempts(clock)
    for _ in range(BY_BOTH.attempts):
        tries.log_in("ann", "10.0.0.1")
    assert refused(tries, "ann", "10.0.0.1") == 60
    tries.log_in("ann", "10.0.0.2")
    tries.log_in("bob", "10.0.0.1")

    clock.ms += 59_001
    assert refused(tries, "ann", "10.0.0.1") == 1
    clock.ms += 999
    tries.log_in("ann", "10.0.0.1")


def test_one_name_from_many_addresses_may_fail_so_often_in_an_hour(clock: Clock) -> None:
    tries = Attempts(clock)
    for number in range(BY_NAME.attempts):
        tries.log_in("ann", f"10.0.0.{number}")
    assert refused(tries, "ann", "10.0.1.1") == 3600
    tries.log_in("bob", "10.0.1.1")
    clock.ms += 3_600_000
    tries.log_in("ann", "10.0.1.1")


def test_one_address_may_try_so_many_names_in_an_hour(clock: Clock) -> None:
    tries = Attempts(clock)
    for number in range(BY_ADDRESS.attempts):
        tries.log_in(f"name-{number}", "10.0.0.1")
    known = len(tries)
    refused(tries, "another", "10.0.0.1")
    assert len(tries) == known, "what is refused by its address takes no memory"
    tries.log_in("another", "10.0.0.2")


def test_who_knows_the_password_begins_anew_and_the_address_does_not(clock: Clock) -> None:
    tries = Attempts(clock)
    for _ in range(BY_ADDRESS.attempts):
        tries.log_in("ann", "10.0.0.1")
        tries.has_logged_in("ann", "10.0.0.1")
    refused(tries, "ann", "10.0.0.1")


def test_registrations_are_counted_by_themselves(clock: Clock) -> None:
    tries = Attempts(clock)
    for _ in range(REGISTRATIONS.attempts):
        tries.register("10.0.0.1")
    with pytest.raises(RateLimited):
        tries.register("10.0.0.1")
    tries.log_in("ann", "10.0.0.1")


def test_switched_off_nothing_is_counted(clock: Clock) -> None:
    tries = Attempts(clock, is_on=False)
    for _ in range(1000):
        tries.log_in("ann", "10.0.0.1")
        tries.register("10.0.0.1")
    assert len(tries) == 0


def test_a_clock_that_is_set_back_locks_nobody_out(clock: Clock) -> None:
    tries = Attempts(clock)
    for _ in range(BY_BOTH.attempts):
        tries.log_in("ann", "10.0.0.1")
    clock.ms -= 86_400_000
    tries.log_in("ann", "10.0.0.1")


def test_memory_is_bounded_and_what_is_over_goes_first(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MAX_WINDOWS", 100)
    tries = Attempts(clock)
    for number in range(300):
        tries.log_in(f"name-{number}", f"10.0.0.{number}")
        assert len(tries) <= 100
    refusing = Attempts(clock)
    for _ in range(BY_BOTH.attempts):
        refusing.log_in("ann", "10.0.0.1")
    clock.ms += 30_000
    for number in range(60):
        refusing.register(f"10.0.1.{number}")
    refused(refusing, "ann", "10.0.0.1")


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
def test_of_ipv6_a_whole_network_is_one_address(address: str, network: str) -> None:
    assert network_of(address) == network
