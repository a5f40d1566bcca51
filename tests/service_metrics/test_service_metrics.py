"""Service metrics: each is there from the first scrape on. Their values: `e2e/test_metric_values`."""

from __future__ import annotations

import platform

from lumen_notify.model import CloseReason
from lumen_notify.version import __version__
from sites import open_site


async def test_metrics_of_the_services_are_there_at_the_first_scrape(database_url: str) -> None:
    async with open_site(database_url) as site:
        services = site.lumen._services
        assert services is not None
        lines = services.metrics.text().decode().splitlines()
    types = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    described = {one.name: one.kind for one in services.metrics.descriptions}
    assert {name: kind for name, kind in types.items() if not name.endswith("_created")} == described
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    assert (
        f'lumen_build_info{{backplane="{"memory" if kind == "sqlite" else kind}",database="{kind}",'
        f'python="{platform.python_version()}",version="{__version__}"}} 1.0'
    ) in lines


async def test_labels_that_are_known_have_their_zeros_from_the_start(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site:
        services = site.lumen._services
        assert services is not None
        text = services.metrics.text().decode()
    for reason in CloseReason:
        assert f'lumen_streams_ended_total{{reason="{reason.word}"}} 0.0' in text
    for device in ("mobile", "desktop", "tablet", "unknown"):
        assert f'lumen_streams_by_device{{device="{device}"}} 0.0' in text
        assert f'lumen_users_by_device{{device="{device}"}} 0.0' in text
    for result in ("equal", "different", "skipped"):
        assert f'lumen_count_samples_total{{result="{result}"}}' in text
    assert 'lumen_events_committed_total{kind="message"} 0.0' in text
