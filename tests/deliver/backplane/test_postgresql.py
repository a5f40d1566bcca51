"""The PostgreSQL backplane: positions only; and sessions that do not hear each other are noticed."""

from __future__ import annotations

import pytest

from clients import eventually
from lumen_notify.commit.database import Database
from lumen_notify.deliver.backplane import remote
from lumen_notify.deliver.backplane.opening import open_backplane
from lumen_notify.deliver.backplane.remote import Receivers
from lumen_notify.outages import Outage
from supervised import supervised

NOBODY = Receivers(lambda *_: None, lambda _: None, lambda *_: None, lambda: None)


async def test_session_that_the_others_do_not_reach_is_noticed(
    postgresql_url: str, shared_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with another database in the URL of the backplane, or a pooler in transaction mode."""
    monkeypatch.setattr(remote, "PROBE_WAIT_SECONDS", 0.3)
    database = Database(postgresql_url)
    await database.open()
    outage = Outage("backplane")
    backplane = open_backplane(
        shared_postgresql_url,
        redis=None,
        database=database,
        instance="me",
        epoch=lambda: "e",
        receivers=NOBODY,
        outage=outage,
    )
    async with supervised(backplane.run):
        await eventually(lambda: outage.error is not None, what="the outage")
    await database.close()
    assert "delivers nothing" in str(outage.error)
