"""Instance measurements: workers and instances are measured together, and left out where they cannot run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench import compared_servers, durable_postgresql, goals, instance_measurements, instances
from bench.durable_postgresql import EmptyDatabase
from bench.size import Size

SMALL = Size(core=min(os.sched_getaffinity(0)), wide=20, seconds=0.2, max_attempts=1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance_measurements, "WARM_UP_SECONDS", 0.1)


@pytest.fixture
def database(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PostgreSQL of the other tests, which has started already."""

    @contextmanager
    def temporary_database() -> Iterator[EmptyDatabase]:
        yield EmptyDatabase(url=postgresql_url, pid=None)

    monkeypatch.setattr(durable_postgresql, "temporary_database", temporary_database)


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", goals.SETUPS["workers"])
async def test_one_worker_and_two_deliver_to_all_streams(name: str) -> None:
    values = await instance_measurements.workers(name, SMALL)
    assert values["delivery_cpu_us"] > 0
    assert values["deliveries_per_second"] > 0


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", goals.SETUPS["across"])
async def test_a_stream_of_another_instance_receives_each_publish(name: str) -> None:
    values = await instance_measurements.across(name, SMALL)
    assert 0 <= values["commit_to_receipt_p50_ms"] <= values["commit_to_receipt_p99_ms"]
    assert 0 < values["receipt_p50_ms"] <= values["receipt_p99_ms"]


@pytest.mark.server
@pytest.mark.slow
@pytest.mark.usefixtures("database")
async def test_messages_are_sent_to_two_instances_at_once() -> None:
    values = await instance_measurements.send_to_instances("two-instances", SMALL)
    assert values["writes_per_second"] > 0
    assert values["write_cpu_us"] > 0


def test_without_postgresql_or_redis_the_table_has_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable_postgresql, "is_installed", lambda: False)
    assert not set(instances.NAMES) & set(compared_servers.installed())
    table = {row.title: row for row in goals.rows({}, SMALL)}
    (workers,) = (row for title, row in table.items() if "two workers" in title)
    assert workers.ours == "PostgreSQL is not installed"
    assert workers.other == "one-worker: PostgreSQL is not installed"
    monkeypatch.setattr(durable_postgresql, "is_installed", lambda: True)
    monkeypatch.delenv("LUMEN_TEST_REDIS_SERVER", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert instances.missing("two-instances") is None
    assert instances.missing("two-instances-redis") == "Redis or its client is not installed"
