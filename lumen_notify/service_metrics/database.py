"""Database: the metrics of reads, of files and connections, and of what waits in tables."""

from __future__ import annotations

from lumen_notify.commit.database import Database
from lumen_notify.commit.jobs.queue_lengths import QueueLengths
from lumen_notify.metrics import Metrics


def register_database_metrics(metrics: Metrics, database: Database, queues: QueueLengths) -> None:
    """Add the metrics of the database, and observe its reads."""
    for name, pool in database.pools.items():
        pool.observe_seconds = metrics.query_seconds.labels(name).observe
    metrics.gauges(
        "lumen_pool_connections",
        "Connections of a pool for reads.",
        "pool",
        lambda: {name: len(pool) for name, pool in database.pools.items()},
    )
    metrics.gauges(
        "lumen_pool_busy",
        "Connections of a pool that run a query.",
        "pool",
        lambda: {name: pool.busy for name, pool in database.pools.items()},
    )
    metrics.gauges(
        "lumen_pool_waiting",
        "Queries that wait for a connection of a pool.",
        "pool",
        lambda: {name: pool.waiting for name, pool in database.pools.items()},
    )
    metrics.counter(
        "lumen_database_connects",
        "How many connections to the database were opened: those of the start, and one after each outage.",
        lambda: database.connects,
    )
    metrics.gauge(
        "lumen_database_wal_bytes",
        "Size of SQLite's write-ahead log after the last commit; 0 with PostgreSQL.",
        lambda: database.wal_bytes,
    )
    metrics.gauge(
        "lumen_database_bytes",
        "Size of the database, as last looked up by the instance that does the jobs; 0 on the others.",
        lambda: queues.database_bytes,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_scheduled",
        "Scheduled notifications, as last counted by the instance that does the jobs; at most 100,000 are"
        " counted.",
        lambda: queues.scheduled,
    )
    metrics.gauge(
        "lumen_scheduled_overdue_seconds",
        "For how long the oldest scheduled notification has been due; 0 if none is.",
        lambda: queues.overdue_seconds,
        is_maximum=True,
    )
    metrics.gauge(
        "lumen_digest_items",
        "Notifications that wait for a digest; at most 100,000 are counted.",
        lambda: queues.digest_items,
    )
    metrics.gauge(
        "lumen_pending_groups",
        "Merged notifications that wait to be announced; at most 100,000 are counted.",
        lambda: queues.pending_groups,
    )
    metrics.gauge(
        "lumen_dead_letters",
        "Pushes that were given up, and are kept; at most 100,000 are counted.",
        lambda: queues.dead_letters,
    )
