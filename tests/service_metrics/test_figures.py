"""Figures: all numbers of an instance at one moment are those that /metrics shows."""

from __future__ import annotations

from clients import EventStream, eventually, token
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.metrics import percentile_ms, rates
from sites import open_site


async def test_figures_are_the_numbers_of_the_instance(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site:
        services = site.lumen._services
        assert services is not None
        figures = services.monitoring.figures
        before = figures.read()
        phone, laptop, eve = [
            await EventStream.open(site.base_url, token(user), query=query)
            for user, query in (("bob", {"device": "mobile"}), ("bob", {"device": "desktop"}), ("eve", {}))
        ]
        for stream in (phone, laptop, eve):
            await stream.wait_for_event("ready")
        await site.publish("bob")
        await phone.wait_for_event("message")
        services.supervisor.outage("writes").begin(DatabaseUnavailable("it does not answer"))
        after = figures.read()
        assert (after.streams, after.users, after.users_online) == (3, 2, 2)
        assert after.streams_by_device == {"mobile": 1, "desktop": 1, "tablet": 0, "unknown": 1}
        assert after.users_by_device == {"mobile": 1, "desktop": 1, "tablet": 0, "unknown": 1}
        assert after.events_total["notification"] - before.events_total["notification"] == 1
        assert after.deliveries_total - before.deliveries_total == 1, "one per user"
        assert rates(before, after)["publishes"] > 0
        assert (percentile_ms(before, after, 0.5) or 0) > 0
        assert after.commits_total[-1] > before.commits_total[-1]
        (outage,) = after.outages
        assert (outage.what, outage.seconds >= 0) == ("writes", True)
        assert (after.waiting_commands, after.scheduled, after.pushes_due) == (0, 0, 0)
        await eve.close()
        await eventually(lambda: figures.read().ended_total["gone"] == 1, what="the end of a stream")
        assert figures.read().users_by_device["unknown"] == 0
        for stream in (phone, laptop):
            await stream.close()
