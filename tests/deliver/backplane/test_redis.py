"""The Redis backplane: the events themselves arrive, so that nobody reads the log for them."""

from __future__ import annotations

import pytest

from clients import SECRET, eventually
from lumen_notify.commit.accounts.sessions import LogOutEverywhere
from lumen_notify.deliver import pace
from lumen_notify.deliver.backplane.remote import RemoteBackplane
from lumen_notify.model import now_ms
from lumen_notify.services import Services
from lumen_notify.settings import Secret, Settings
from valkey import Valkey


async def test_healthy_instance_does_not_read_the_log_for_the_events_of_others(
    database_url: str, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "POLL_SECONDS", 3600.0)
    monkeypatch.setattr(pace, "GAP_SECONDS", 10.0)
    settings = Settings(database_url=database_url, backplane_url=valkey.url, jwt_secret=Secret(SECRET))
    first = await Services.open(settings, now_ms)
    second = await Services.open(settings, now_ms)
    both = (first, second)
    try:
        for one in both:
            backplane = one.backplane
            assert isinstance(backplane, RemoteBackplane)
            await eventually(lambda: backplane.probed_at is not None, what="the link")  # noqa: B023 - at once
        await first.committer.submit(LogOutEverywhere(user_id="ann"))
        await eventually(lambda: second.hub.position == 1, what="the first hint")
        reads = [one.tail.reads for one in both]
        for number in range(1, 11):
            await both[number % 2].committer.submit(LogOutEverywhere(user_id="ann"))
        await eventually(lambda: [one.hub.position for one in both] == [11, 11], what="all events")
        assert [one.tail.reads for one in both] == reads
    finally:
        await first.close()
        await second.close()
