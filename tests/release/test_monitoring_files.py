"""Dashboard and alert rules: Prometheus takes them, each metric in them exists, and each alert fires when it
should and is explained."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # types-PyYAML for one module is not worth it

from lumen_notify.cli.workers.totals import ANSWERING
from pages import DOCS, anchors
from programs import program
from sites import open_site

from .builds import ROOT

PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = PROMETHEUS / "lumen-notify.rules.yaml"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "lumen-notify.json").read_text("utf-8"))
ALERTS: Sequence[Mapping[str, Any]] = [
    rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
COLUMNS = 24

GRAFANA_VARIABLES = {"$__rate_interval": "5m", "$job": "lumen-notify", "$instance": ".*"}

QUIET = "0x120"
"""Zero for two hours, a value a minute."""

RISING = "0x60 0+30x60"
"""Zero for an hour, then 30 more each minute."""

FIRING: Mapping[str, Sequence[tuple[str, str]]] = {
    "LumenDown": [("up", "1x60 0x60")],
    "LumenOutage": [('lumen_outage{what="writes"}', "0x60 1x60")],
    "LumenCountDrift": [("lumen_count_drift", "0x60 2x60")],
    "LumenDeliveryBehind": [("lumen_lag_seconds", "1x60 9x60")],
    "LumenWritesWait": [("lumen_longest_wait_seconds", "0x60 5x60")],
    "LumenSlowDelivery": [
        ('lumen_commit_to_write_seconds_bucket{le="1.0"}', QUIET),
        ('lumen_commit_to_write_seconds_bucket{le="2.5"}', RISING),
        ('lumen_commit_to_write_seconds_bucket{le="+Inf"}', RISING),
    ],
    "LumenSlowCommits": [
        ('lumen_commit_seconds_bucket{le="0.5"}', QUIET),
        ('lumen_commit_seconds_bucket{le="1.0"}', RISING),
        ('lumen_commit_seconds_bucket{le="+Inf"}', RISING),
    ],
    "LumenSlowReads": [
        ('lumen_query_seconds_bucket{pool="lists",le="0.5"}', QUIET),
        ('lumen_query_seconds_bucket{pool="lists",le="1.0"}', RISING),
        ('lumen_query_seconds_bucket{pool="lists",le="+Inf"}', RISING),
    ],
    "LumenLoopBlocked": [
        ('lumen_loop_lag_seconds_bucket{le="0.25"}', QUIET),
        ('lumen_loop_lag_seconds_bucket{le="0.5"}', RISING),
        ('lumen_loop_lag_seconds_bucket{le="+Inf"}', RISING),
    ],
    "LumenTaskFails": [('lumen_task_failures_total{task="tail"}', RISING)],
    "LumenDeliveryDefect": [("lumen_delivery_failures_total", RISING)],
    "LumenStreamsRefused": [('lumen_streams_ended_total{reason="overloaded"}', RISING)],
    "LumenSlowStreams": [
        ('lumen_streams_ended_total{reason="slow"}', RISING),
        ('lumen_streams_ended_total{reason="gone"}', "0+30x120"),
    ],
    "LumenFilesShort": [("process_open_fds", "10x60 900x60"), ("process_max_fds", "1000x120")],
    "LumenLogReset": [('lumen_log_resets_total{reason="ahead"}', RISING)],
    "LumenBackplaneFailing": [('lumen_outage{what="backplane"}', "0x60 1x60")],
    "LumenBackplaneUnsteady": [("lumen_backplane_connects_total", "1x60 1+1x60")],
    "LumenHintsMissed": [
        ("lumen_hints_missed_total", RISING),
        ("lumen_hints_received_total", "0+30x120"),
    ],
    "LumenPushProviderFailing": [('lumen_push_provider_failing{provider="fcm"}', "0x60 1x60")],
    "LumenPushBehind": [("lumen_push_oldest_seconds", "0x60 900x60")],
    "LumenPushRefused": [
        ('lumen_push_results_total{provider="fcm",outcome="refused"}', RISING),
        ('lumen_push_results_total{provider="fcm",outcome="sent"}', "0+30x120"),
    ],
    "LumenJobsStopped": [("lumen_runs_jobs", "1x60 0x60")],
    "LumenScheduledOverdue": [("lumen_scheduled_overdue_seconds", "0x60 300x60")],
    "LumenIntakeBehind": [('lumen_intake_lag{source="kafka:orders:0"}', "0x60 50000x60")],
    "LumenIntakeDeadLetters": [('lumen_intake_messages_total{outcome="dead_lettered"}', RISING)],
    "LumenWalLarge": [("lumen_database_wal_bytes", "0x60 1000000000x60")],
    "LumenWorkerMissing": [("lumen_workers_answering", "2x60 1x60")],
    "LumenVersionsDiffer": [
        ('lumen_build_info{version="1.0.0"}', "1x180"),
        ('lumen_build_info{version="1.1.0"}', "_x60 1x120"),
    ],
}
"""What makes each alert fire at the end, and not an hour after the beginning."""

CALM_MINUTES = 55

NO_BROKER = "redis://127.0.0.1:1/0"
"""For the metrics of intake, which need no broker."""

FIRING_NAMES = 'count by (alertname) (ALERTS{alertstate="firing"})'


def expressions() -> Iterator[tuple[str, str]]:
    """Yield where each expression is, and the expression as Prometheus gets it."""
    yield from ((alert["alert"], alert["expr"]) for alert in ALERTS)
    for panel in PANELS:
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in GRAFANA_VARIABLES.items():
                text = text.replace(name, value)
            assert "$" not in text, text
            yield panel["title"], text


async def series_of(database_url: str) -> set[str]:
    """Return the names of the series of a real server's /metrics; those without a value yet too."""
    async with open_site(database_url, intake_url=NO_BROKER) as site:
        text = (await site.http.get("/metrics")).text
    names: set[str] = {"up", ANSWERING["name"]}
    for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE):
        suffixes = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        names.update(f"{name}{suffix}" for suffix in suffixes)
    return names


async def test_each_metric_of_dashboard_and_alerts_exists(sqlite_url: str) -> None:
    known = await series_of(sqlite_url)
    used = {
        (place, name)
        for place, text in expressions()
        for name in re.findall(r"\b(?:up|(?:lumen|process)_[a-z_]+)\b", re.sub(r'"[^"]*"', "", text))
    }
    assert {(place, name) for place, name in used if name not in known} == set()
    assert len({name for _, name in used}) > 50


async def test_dashboard_shows_each_metric(sqlite_url: str) -> None:
    shown = " ".join(text for place, text in expressions() if place in {one["title"] for one in PANELS})
    known = {re.sub(r"_(bucket|count|sum)$", "", name) for name in await series_of(sqlite_url)}
    not_shown = {
        name for name in known if name.startswith("lumen_") and name.removesuffix("_created") not in shown
    }
    assert not_shown == {"lumen_channels", ANSWERING["name"]}, "each user once on each instance; by an alert"


@pytest.mark.server
def test_promtool_finds_nothing_in_rules_configuration_and_dashboard(tmp_path: Path) -> None:
    promtool = program("promtool")
    rules = [{"record": f"panel:{n}", "expr": text} for n, (_, text) in enumerate(expressions())]
    panels = tmp_path / "panels.yaml"
    panels.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    for arguments in (
        ["check", "rules", "--lint-fatal", str(RULES)],
        ["check", "rules", str(panels)],
        ["check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yaml")],
    ):
        result = subprocess.run([promtool, *arguments], check=False, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.server
def test_each_alert_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    assert {alert["alert"] for alert in ALERTS} == set(FIRING)
    tests = tmp_path / "tests.yaml"
    tests.write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(RULES)],
                "evaluation_interval": "1m",
                "tests": [_test(alert, series) for alert, series in FIRING.items()],
            }
        )
    )
    result = subprocess.run(
        [program("promtool"), "test", "rules", tests], check=False, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def _test(alert: str, series: Sequence[tuple[str, str]]) -> Mapping[str, Any]:
    """Return a test of promtool: nothing fires in the first hour, this alert alone at the end."""
    last = max(sum(int(n) for n in re.findall(r"x(\d+)", values)) for _, values in series)
    return {
        "name": alert,
        "interval": "1m",
        "input_series": [{"series": _with_target(name), "values": values} for name, values in series],
        "promql_expr_test": [
            {"expr": FIRING_NAMES, "eval_time": f"{CALM_MINUTES}m", "exp_samples": []},
            {
                "expr": FIRING_NAMES,
                "eval_time": f"{last - 1}m",
                "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1}],
            },
        ],
    }


def _with_target(series: str) -> str:
    name, _, labels = series.removesuffix("}").partition("{")
    own = f",{labels}" if labels else ""
    return f'{name}{{job="lumen-notify",instance="one:8000"{own}}}'


@pytest.mark.parametrize("alert", ALERTS, ids=[alert["alert"] for alert in ALERTS])
def test_each_alert_says_what_it_means_and_what_to_do(alert: Mapping[str, Any]) -> None:
    annotations = alert["annotations"]
    assert annotations.keys() == {"summary", "description", "runbook"}
    assert alert["labels"]["severity"] in ("critical", "warning")
    assert all(annotations[name].endswith(".") for name in ("summary", "description"))
    page, _, anchor = annotations["runbook"].partition("#")
    text = (ROOT / page).read_text("utf-8")
    assert page == "docs/alerts.md"
    assert anchor in anchors(text)
    assert anchor == alert["alert"].lower()


def test_page_of_alerts_has_no_other() -> None:
    headings = re.findall(r"^## (.*)$", (DOCS / "alerts.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(alert["alert"] for alert in ALERTS)


def test_panels_fill_their_rows_and_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = set(
            itertools.product(
                range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
            )
        )
        assert place["x"] + place["w"] <= COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells
    height = max(y for _, y in taken) + 1
    assert len(taken) == COLUMNS * height, "no gaps"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    rows = [panel["title"] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == [
        "Overview", "Streams", "Writes", "Delivery", "Push", "Database and jobs", "Backplane",
        "Intake from a queue", "Process",
    ]  # fmt: skip
