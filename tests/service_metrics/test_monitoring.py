"""Monitoring: a server compares the counts of connected users with its database, and reports what differs."""

from __future__ import annotations

import re

import httpx
import pytest

from clients import EventStream, eventually, token
from sites import open_site


async def numbers(http: httpx.AsyncClient) -> dict[str, float]:
    text = (await http.get("/metrics")).text
    found = re.findall(r"^lumen_count_(\S+) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


async def test_count_broken_in_the_database_shows_in_the_metrics(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_site(database_url, count_sample_seconds=0.01) as site:
        services = site.lumen._services
        assert services is not None
        samples = services.monitoring.count_drift.samples
        stream = await EventStream.open(site.base_url, token("bob"))
        await stream.wait_for_event("ready")
        await site.publish("bob")
        await stream.wait_for_event("message")
        before = samples["equal"]
        await eventually(lambda: samples["equal"] > before + 2, what="samples")
        assert (await numbers(site.http))["drift"] == 0
        async with services.database.transaction() as transaction:
            await transaction.run_sql(
                "UPDATE lumen_active_total SET total = total - 3 WHERE audience = 'user:bob'"
            )
        await eventually(lambda: samples["different"] > 2, what="the drift")
        found = await numbers(site.http)
        assert found["drift"] == 3
        assert found['samples_total{result="different"}'] > 2
        await stream.close()
    lines = [record.getMessage() for record in caplog.records if record.name == "lumen_notify.counts"]
    assert len(lines) == 1
    assert "of the user bob" in lines[0]
    assert "{'category like': (4, 1)}" in lines[0]


async def test_interval_of_0_takes_no_samples(sqlite_url: str) -> None:
    async with open_site(sqlite_url, count_sample_seconds=0.0) as site:
        stream = await EventStream.open(site.base_url, token("bob"))
        await stream.wait_for_event("ready")
        found = await numbers(site.http)
        assert found["drift"] == sum(found.values()) == 0
        await stream.close()
