"""Attempts: a fixed number in a window, counted by all instances together, without names in the database."""

from __future__ import annotations

import asyncio

import pytest

from lumen_notify.commit.accounts.attempts import (
    BY_ADDRESS,
    BY_BOTH,
    BY_NAME,
    REGISTRATIONS,
    CountAttempt,
    Exceeded,
    keys_of_user,
    log_in_attempts,
    network_of,
    registration_attempts,
)

from ..store import Store
from .log_ins import log_in, register


async def attempt(store: Store, name: str = "ann", address: str = "10.0.0.1") -> Exceeded | None:
    exceeded: Exceeded | None = await store.committer.submit(
        CountAttempt(attempts=log_in_attempts(name, address))
    )
    return exceeded


async def attempts(store: Store, number: int, name: str = "ann", address: str = "10.0.0.1") -> None:
    """Count attempts that are all allowed. In `address`, `*` is another one each time."""
    found = await asyncio.gather(
        *(attempt(store, name.replace("*", str(n)), address.replace("*", str(n))) for n in range(number))
    )
    assert found == [None] * number


async def test_one_name_from_one_address_is_limited_per_minute(store: Store) -> None:
    await attempts(store, BY_BOTH.attempts)
    exceeded = await attempt(store)
    assert exceeded is not None
    assert (exceeded.limit, exceeded.seconds) == (BY_BOTH, 60)
    assert await attempt(store, address="10.0.0.2") is None
    assert await attempt(store, "bob") is None
    store.now += 59_001
    exceeded = await attempt(store)
    assert exceeded is not None
    assert exceeded.seconds == 1
    store.now += 999
    assert await attempt(store) is None


async def test_instances_count_together(store: Store, other_store: Store) -> None:
    allowed = await asyncio.gather(
        *(attempt(one) for _ in range(BY_BOTH.attempts) for one in (store, other_store))
    )
    assert allowed.count(None) == BY_BOTH.attempts
    for one in (store, other_store):
        assert await attempt(one) is not None


async def test_one_name_from_many_addresses_is_limited_per_hour(store: Store) -> None:
    await attempts(store, BY_NAME.attempts, address="10.0.0.*")
    exceeded = await attempt(store, address="10.0.1.1")
    assert exceeded is not None
    assert (exceeded.limit, exceeded.seconds) == (BY_NAME, 3600)
    assert await attempt(store, "bob", "10.0.1.1") is None
    store.now += 3_600_000
    assert await attempt(store, address="10.0.1.1") is None


async def test_one_address_with_many_names_is_limited_per_hour(store: Store) -> None:
    await attempts(store, BY_ADDRESS.attempts, "name-*")
    known = await store.number_of("lumen_attempt_window")
    exceeded = await attempt(store, "another")
    assert exceeded is not None
    assert exceeded.limit == BY_ADDRESS
    assert await store.number_of("lumen_attempt_window") == known, "a refusal takes no row"
    assert await attempt(store, "another", "10.0.0.2") is None


async def test_attempts_that_are_refused_count_for_no_other_limit(store: Store) -> None:
    await attempts(store, BY_BOTH.attempts)
    assert None not in await asyncio.gather(*(attempt(store) for _ in range(BY_ADDRESS.attempts)))
    await attempts(store, BY_NAME.attempts - BY_BOTH.attempts, address="10.0.0.1*")


async def test_log_in_forgets_the_attempts_of_its_name_but_not_of_its_address(store: Store) -> None:
    await register(store)
    keys = keys_of_user("ann", "10.0.0.1")
    for _ in range(BY_ADDRESS.attempts):
        assert await attempt(store) is None
        await log_in(store, attempt_keys=keys)
    exceeded = await attempt(store)
    assert exceeded is not None
    assert exceeded.limit == BY_ADDRESS


async def test_registrations_are_counted_separately(store: Store) -> None:
    command = CountAttempt(attempts=registration_attempts("10.0.0.1"))
    found = await asyncio.gather(*(store.committer.submit(command) for _ in range(REGISTRATIONS.attempts)))
    assert found == [None] * REGISTRATIONS.attempts
    exceeded = await store.committer.submit(command)
    assert exceeded.limit == REGISTRATIONS
    assert await attempt(store) is None


async def test_clock_that_is_set_back_locks_nobody_out(store: Store) -> None:
    await attempts(store, BY_BOTH.attempts)
    store.now -= 86_400_000
    assert await attempt(store) is None


async def test_clocks_of_two_instances_that_differ_do_not_begin_windows_anew(
    store: Store, other_store: Store
) -> None:
    other_store.now = store.now - 5_000
    await attempts(store, BY_BOTH.attempts)
    assert await attempt(other_store) is not None


async def test_windows_that_are_over_are_deleted_by_retention(store: Store) -> None:
    await attempts(store, 3, "name-*")
    retention = store.retention()
    await retention.sweep()
    assert await store.number_of("lumen_attempt_window") == 7
    store.now += 60_000
    await retention.sweep()
    assert await store.number_of("lumen_attempt_window") == 4, "those of an hour"
    store.now += 3_600_000
    await retention.sweep()
    assert await store.number_of("lumen_attempt_window") == 0


async def test_database_holds_no_names_and_no_addresses(store: Store) -> None:
    await attempt(store, "ann@example.com", "192.0.2.7")
    rows = await store.rows("SELECT key FROM lumen_attempt_window")
    assert len(rows) == 3
    assert all(len(key) == 32 and int(key, 16) for (key,) in rows)


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
