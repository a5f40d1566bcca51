"""Service metrics: each is there from the first scrape on. Their values: `e2e/test_metric_values`."""

from __future__ import annotations

from sites import open_site


async def test_metrics_of_the_services_are_there_at_the_first_scrape(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site:
        services = site.lumen._services
        assert services is not None
        lines = services.metrics.text().decode().splitlines()
    names = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    assert {
        "lumen_streams",
        "lumen_longest_wait_seconds",
        "lumen_lag_seconds",
        "lumen_outage",
        "lumen_runs_jobs",
        "lumen_delivery_failures_total",
    } <= names
