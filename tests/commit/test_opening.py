"""Opening: the committer that the settings describe."""

from __future__ import annotations

from typing import Any

from lumen_notify.commit.committer import MAX_BATCH_COMMANDS, RESUMES_PER_TICK, Committer
from lumen_notify.commit.database import Database
from lumen_notify.commit.handlers import handlers
from lumen_notify.commit.log import Log
from lumen_notify.commit.opening import open_committer
from lumen_notify.metrics import Metrics
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings


def opened(**given: Any) -> Committer:
    settings = Settings(**given)
    return open_committer(
        Log(Database(settings.database_url), lambda: 0),
        settings,
        announce=lambda *_: None,
        backpressure=_at_once,
        metrics=Metrics(),
        outage=Outage("writes"),
    )


async def _at_once() -> None:
    pass


def test_it_has_all_handlers() -> None:
    assert list(opened()._handlers) == list(handlers(None))


def test_without_push_it_enqueues_none() -> None:
    assert opened()._finish is not None
    assert opened(push_providers=("off",))._finish is None


def test_server_gets_the_next_transaction_while_callers_are_resumed() -> None:
    assert opened()._resumes_per_tick == MAX_BATCH_COMMANDS
    assert opened(database_url="postgresql://db/name")._resumes_per_tick == RESUMES_PER_TICK
