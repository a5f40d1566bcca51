"""Metrics: every metric of /metrics has the right value after a scenario whose numbers are known."""

from __future__ import annotations

import re

import httpx

from clients import EventStream, eventually, token
from lumen_notify.metrics import BATCH_BUCKETS, DELIVERY_BUCKETS, DURATION_BUCKETS
from sites import open_site

HISTOGRAMS = {
    "lumen_commit_seconds": DURATION_BUCKETS,
    "lumen_batch_commands": BATCH_BUCKETS,
    "lumen_fan_out_seconds": DURATION_BUCKETS,
    "lumen_command_seconds": DELIVERY_BUCKETS,
    "lumen_commit_to_write_seconds": DELIVERY_BUCKETS,
    "lumen_accept_to_write_seconds": DELIVERY_BUCKETS,
    "lumen_event_age_seconds": DELIVERY_BUCKETS,
}
"""Those that have something to observe in the scenario."""

UNCOUNTED = {"lumen_messages_received", "lumen_messages_failed", "lumen_push_results", "lumen_events_skipped"}
"""By a label that has no value yet."""


def family_of(sample: str) -> str:
    """Return the metric that a sample belongs to."""
    return re.sub(r"(_total|_bucket|_count|_sum)?(\{.*)?$", "", sample)


async def read(http: httpx.AsyncClient) -> dict[str, float]:
    """Read all samples, by name and labels."""
    text = (await http.get("/metrics")).text
    samples = re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)
    return {name: float(value) for name, value in samples if not name.partition("{")[0].endswith("_created")}


async def test_every_metric_has_its_value_after_a_known_scenario(database_url: str) -> None:
    async with open_site(database_url, push_providers=("log",)) as site:
        services = site.lumen._services
        assert services is not None
        hub = services.hub

        async def delivered(position: int) -> None:
            """Wait for the hub: an answer comes at the commit, and the backplane tells the hub after it."""
            await eventually(lambda: hub.position == position, what=f"position {position}")

        await delivered(3)
        before = await read(site.http)
        known = {family_of(one.name) for one in services.metrics.descriptions}
        assert {family_of(name) for name in before} <= known
        assert before['lumen_events_committed_total{kind="notification"}'] == before["lumen_position"] == 3
        assert before["lumen_deliveries_total"] == before["lumen_streams"] == before["lumen_channels"] == 0

        phone, laptop = [
            await EventStream.open(site.base_url, token("bob"), query={"device": device})
            for device in ("mobile", "desktop")
        ]
        eve = await EventStream.open(site.base_url, token("eve"))
        for stream in (phone, laptop, eve):
            await stream.wait_for_event("ready")
        await site.api("eve").ask("PATCH", "/preferences", {"categories": {"news": {"muted": True}}})
        await delivered(4)
        await site.api("alice").post("", [_to("bob", number) for number in range(10)])  # ten frames at once
        await delivered(14)
        await site.publish("nobody")  # is not connected
        await delivered(15)
        await site.api("alice").post("", {"to": {"all": True}, "category": "news", "content": "hi"})
        await delivered(16)
        await site.api("bob").post("/read", {"all": True})
        await phone.wait_for_event("read")
        await eve.close()

        await eventually(lambda: len(services.streams) == 2, what="the end of one stream")
        await services.jobs.queues.look()
        after = await read(site.http)
        assert {family_of(name) for name in after} == known - UNCOUNTED
        for name, value in {
            "lumen_streams": 2,
            "lumen_channels": 1,
            "lumen_backlog_bytes": 0,
            "lumen_runs_jobs": 1,
            "lumen_waiting_commands": 0,
            "lumen_longest_wait_seconds": 0,
            "lumen_position": 17,  # 3 + preferences + 10 + 1 + 1 + read
            'lumen_events_committed_total{kind="notification"}': 15,
            'lumen_events_committed_total{kind="preferences"}': 1,
            'lumen_events_committed_total{kind="read"}': 1,
            'lumen_events_committed_total{kind="message"}': 0,
            'lumen_streams_by_device{device="mobile"}': 1,
            'lumen_streams_by_device{device="unknown"}': 0,  # eve's has ended
            'lumen_users_by_device{device="mobile"}': 1,
            'lumen_users_by_device{device="desktop"}': 1,
            'lumen_users_by_device{device="unknown"}': 0,
            "lumen_streams_opened_total": 3,
            "lumen_stream_seconds_count": 1,
            "lumen_waiting_command_bytes": 0,
            "lumen_count_drift": 0,
            'lumen_count_samples_total{result="different"}': 0,
            "lumen_scheduled": 0,
            "lumen_scheduled_overdue_seconds": 0,
            "lumen_digest_items": 0,
            "lumen_pending_groups": 0,
            "lumen_dead_letters": 0,
            "lumen_hints_received_total": 0,  # this instance is alone
            "lumen_hints_missed_total": 0,
            "lumen_backplane_waiting_bytes": 0,
            'lumen_pool_waiting{pool="lists"}': 0,
            'lumen_pool_waiting{pool="streams"}': 0,
            # Eve's preferences; ten, the one to everyone and the mark for bob, whose two streams count once.
            "lumen_deliveries_total": 1 + 10 + 1 + 1,
            'lumen_scheduled_dropped_total{reason="expired"}': 0,
            'lumen_scheduled_dropped_total{reason="not_allowed"}': 0,
            "lumen_delivery_failures_total": 0,
            "lumen_presence_announced_total": 0,  # they share no room
            'lumen_streams_ended_total{reason="gone"}': 1,
            "lumen_push_due": 0,  # nobody has a device
            "lumen_push_oldest_seconds": 0,
            "lumen_push_waiting": 0,
            "lumen_push_delay_seconds_count": 0,
        }.items():
            assert after[name] == value, name
        assert {value for name, value in after.items() if name.startswith("lumen_outage{")} == {0}
        is_alone = database_url.startswith("sqlite")
        assert after["lumen_backplane_connects_total"] == (0 if is_alone else 1)
        assert after["lumen_backplane_dropped_messages_total"] == after["lumen_backplane_garbage_total"] == 0
        assert 0 <= after["lumen_backplane_probe_age_seconds"] < 60
        assert after["lumen_backplane_links"] == (0 if is_alone else 1)
        assert (after["lumen_backplane_round_trip_seconds_count"] == 0) == is_alone
        assert after["lumen_database_connects_total"] >= 2
        assert (after["lumen_database_wal_bytes"] > 0) == is_alone
        assert after["lumen_database_bytes"] > 4096
        assert after['lumen_query_seconds_count{pool="streams"}'] >= 3, "the counts of three streams"
        assert after['lumen_query_seconds_count{pool="lists"}'] >= 1
        for pool in ("lists", "streams"):
            assert (
                0
                <= after[f'lumen_pool_busy{{pool="{pool}"}}']
                <= after[f'lumen_pool_connections{{pool="{pool}"}}']
            )
        assert after["lumen_loop_lag_seconds_count"] >= 0
        assert after["process_cpu_seconds_total"] > 0
        assert 0 <= after["lumen_log_reads_total"] < 60
        assert 0 < after["lumen_lag_seconds"] < 60
        assert 0 <= after["lumen_users_online"] <= 2  # as of the last count
        assert 0 <= after["lumen_presence_queued"] <= 3
        assert after["lumen_batch_commands_sum"] >= 8  # three before, five here, and those of the jobs
        assert 5 <= after["lumen_commit_seconds_count"] == after["lumen_batch_commands_count"]
        assert after["lumen_fan_out_seconds_count"] >= 6
        # Ten for bob, the one to everyone and the mark: eve's preferences were written on a stream too.
        assert after["lumen_commit_to_write_seconds_count"] == 4
        assert after["lumen_accept_to_write_seconds_sum"] >= after["lumen_commit_to_write_seconds_sum"]
        for name, bounds in HISTOGRAMS.items():
            counts = [value for sample, value in after.items() if sample.startswith(f"{name}_bucket")]
            assert counts == sorted(counts)
            assert after[f'{name}_bucket{{le="+Inf"}}'] == after[f"{name}_count"]
            assert f'{name}_bucket{{le="{float(bounds[-1])}"}}' in after
            assert after[f"{name}_sum"] > 0
        for stream in (phone, laptop):
            await stream.close()


async def test_metrics_of_push_have_their_values(database_url: str) -> None:
    async with open_site(database_url, push_providers=("log",)) as site:
        services = site.lumen._services
        assert services is not None
        device = {"provider": "log", "token": "bob's", "kind": "mobile"}
        await site.api("bob").ask("POST", "/devices", device)
        await site.publish(priority="high")
        await site.publish(priority="normal")  # waits for ten seconds
        name = 'lumen_push_results_total{outcome="sent",provider="log"}'
        await eventually(lambda: services.push.dispatcher.results["log", "sent"] == 1, what="the push")
        await services.push.backlog.look()
        found = await read(site.http)
        assert found[name] == found["lumen_push_delay_seconds_count"] == 1
        assert 0 <= found["lumen_push_delay_seconds_sum"] < 60
        assert found['lumen_push_provider_failing{provider="log"}'] == 0
        assert 1 <= found["lumen_push_due"] <= 2  # the first may be being written
        assert 0 <= found["lumen_push_oldest_seconds"] < 60
        assert found["lumen_push_waiting"] == 0


def _to(user: str, number: int) -> dict[str, object]:
    return {"to": {"user": user}, "category": "like", "content": f"{number}"}
