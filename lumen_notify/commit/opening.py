"""Opening: makes the committer that the settings describe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable

from lumen_notify.commit.committer import MAX_BATCH_COMMANDS, RESUMES_PER_TICK, Announce, Committer
from lumen_notify.commit.handlers import handlers
from lumen_notify.commit.log import Log
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.push.outbox import Pushing, enqueue_withdrawals
from lumen_notify.metrics import Metrics
from lumen_notify.outages import Outage
from lumen_notify.settings import Settings
from lumen_notify.tracing.tracer import Tracer


def open_committer(
    log: Log,
    settings: Settings,
    *,
    announce: Announce,
    backpressure: Callable[[], Awaitable[None]],
    metrics: Metrics,
    outage: Outage,
    dropped: Counter[str] | None = None,
    tracer: Tracer | None = None,
) -> Committer:
    """Return a committer with all handlers, which commits once it runs. dropped: see `handlers`. tracer: None
    without tracing."""
    pushing = Pushing.from_settings(settings)
    limiting = Limiting(per_sender=settings.sender_rate) if settings.rate_limits == "on" else None
    is_server = not settings.database_url.startswith("sqlite:")
    return Committer(
        log,
        handlers(limiting, pushing=pushing, dropped=dropped),
        announce=announce,
        backpressure=backpressure,
        metrics=metrics,
        finish=None if pushing is None else enqueue_withdrawals,
        resumes_per_tick=RESUMES_PER_TICK if is_server else MAX_BATCH_COMMANDS,
        outage=outage,
        tracer=tracer,
    )
