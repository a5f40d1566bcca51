"""Services: opened and closed together; the instances on one database share what they must."""

from __future__ import annotations

import asyncio
import re

import pytest

from clients import SECRET, eventually
from lumen_notify.auth import Principal
from lumen_notify.commit.accounts.sessions import LogOutEverywhere
from lumen_notify.errors import DatabaseUnavailable
from lumen_notify.model import EVERYONE, now_ms
from lumen_notify.model.events import NotificationPublished
from lumen_notify.services import Services
from lumen_notify.settings import Secret, Settings


def settings_of(database_url: str) -> Settings:
    return Settings(database_url=database_url, jwt_secret=Secret(SECRET))


def metrics_of(services: Services) -> dict[str, float]:
    text = services.metrics.text().decode()
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.e+-]+)$", text, re.MULTILINE)}


async def test_close_leaves_no_task_behind(database_url: str) -> None:
    before = asyncio.all_tasks()
    services = await Services.open(settings_of(database_url), now_ms)
    assert asyncio.all_tasks() > before
    await services.close()
    await eventually(lambda: asyncio.all_tasks() <= before, what="the tasks to end")


async def test_database_that_cannot_be_opened_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    with pytest.raises(DatabaseUnavailable):
        await Services.open(settings_of("postgresql://nobody@127.0.0.1:1/none"), now_ms)
    await eventually(lambda: asyncio.all_tasks() <= before, what="the tasks to end")


async def test_ticket_of_one_instance_is_valid_on_another(database_url: str) -> None:
    first = await Services.open(settings_of(database_url), now_ms)
    second = await Services.open(settings_of(database_url), now_ms)
    try:
        principal = Principal(user_id="ann", expires_at=now_ms() + 60_000)
        assert second.tickets.redeem(first.tickets.issue(principal)).user_id == "ann"
    finally:
        await first.close()
        await second.close()


async def test_metrics_start_at_zero_and_have_the_log_position(database_url: str) -> None:
    services = await Services.open(settings_of(database_url), now_ms)
    try:
        found = metrics_of(services)
        for name in ("streams", "channels", "backlog_bytes", "position", "waiting_commands"):
            assert found[f"lumen_{name}"] == 0
        assert found["lumen_deliveries_total"] == found["lumen_commit_to_write_seconds_count"] == 0
        async with services.log.transaction() as tx:
            tx.append(EVERYONE, NotificationPublished(notification="{}"), category="like")
        services.tail.announce(tx.events, tx.follows)
        await eventually(lambda: metrics_of(services)["lumen_position"] == 1, what="the delivery")
        assert metrics_of(services)["lumen_fan_out_seconds_count"] == 1
    finally:
        await services.close()


async def test_what_is_committed_is_announced_to_the_own_tail_and_to_the_other_instances(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[int] = []
    services = await Services.open(settings_of(database_url), now_ms)
    monkeypatch.setattr(
        services.backplane, "announce", lambda events, _: announced.extend(event.position for event in events)
    )
    try:
        await services.committer.submit(LogOutEverywhere(user_id="ann"))
        assert announced == [1]
        await eventually(lambda: services.hub.position == 1, what="the delivery")
    finally:
        await services.close()


async def test_each_instance_has_a_name_of_its_own(database_url: str) -> None:
    first = await Services.open(settings_of(database_url), now_ms)
    second = await Services.open(settings_of(database_url), now_ms)
    await first.close()
    await second.close()
    assert first.instance != second.instance
