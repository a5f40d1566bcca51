import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench import compared_servers, nchan, stream_measurements, write_measurements
from bench.size import Size

CORE = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
SMALL = Size(
    core=CORE, wide=50, many=20, publishers=3, seconds=0.2, latency_publishes=1, messages=5, max_attempts=1
)


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize("name", ["bare", "plain", "nchan", "nchan-own"])
async def test_each_server_of_the_comparison_delivers_all_that_is_published(name: str) -> None:
    if name not in compared_servers.installed():
        pytest.skip("nginx with nchan is not installed")
    values = await stream_measurements.many(name, SMALL)
    assert values["deliveries_per_second"] > 0
    assert (await stream_measurements.few(name, SMALL))["receipt_p50_ms"] > 0


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize(
    "name", ["ours", pytest.param("ours-postgresql", marks=pytest.mark.postgresql), "empty"]
)
@pytest.mark.parametrize(
    "write", [write_measurements.publish, write_measurements.send], ids=["publish", "send"]
)
async def test_each_server_that_is_written_to_answers_64_at_once(
    write: Callable[[str, Size], Awaitable[stream_measurements.Values]],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(write_measurements, "WARM_UP_SECONDS", 0.1)
    values = await write(name, SMALL)
    assert values["writes_per_second"] > 64
    assert values["write_p99_ms"] >= values["write_p50_ms"] > 0
    assert ("database_busy" in values) == (
        name == "ours-postgresql" and "LUMEN_TEST_POSTGRESQL_URL" not in os.environ
    )


def test_nchan_says_that_it_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nchan, "FOLDERS", ())
    with pytest.raises(SystemExit, match="not installed"):
        nchan.main(1, tmp_path)
    assert not set(compared_servers.NCHAN) & set(compared_servers.installed())
