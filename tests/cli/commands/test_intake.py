"""`lumen-notify intake`: it takes in until a signal, and names what is missing in one line."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sqlite3
from pathlib import Path

import httpx
import pytest
import redis

from servers import free_port, wait_until
from valkey import Valkey

from ..conftest import RunCommand, StartCommand

ENVELOPE = {"type": "notification", "body": {"to": "ann", "category": "like", "content": "hi"}}


@pytest.fixture
def no_extras(tmp_path: Path) -> str:
    """Give a PYTHONPATH without the packages of the extras."""
    for name in ("faststream", "aiokafka", "nats", "aio_pika"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('none', name='{name}')\n")
    package = Path(__file__).parents[3]
    return f"{tmp_path}:{package}"


def test_help_and_server_need_no_extra(run_command: RunCommand, no_extras: str) -> None:
    helped = run_command("intake", "--help", PYTHONPATH=no_extras)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "Take notifications, messages and marks from a queue" in helped.stdout
    assert run_command("check", "--port", "0", PYTHONPATH=no_extras).returncode == 0


@pytest.mark.parametrize(
    ("url", "extra"),
    [("kafka://a", "kafka"), ("amqp://a/", "rabbitmq"), ("nats://a", "nats"), ("redis://a", "redis")],
)
def test_missing_extra_is_one_line(run_command: RunCommand, no_extras: str, url: str, extra: str) -> None:
    done = run_command("intake", PYTHONPATH=no_extras, LUMEN_INTAKE_URL=url)
    assert done.returncode == 2
    needed = "LUMEN_INTAKE_URL: needs a library that is not installed (faststream)"
    assert done.stderr.splitlines()[-1] == f"{needed}: pip install 'lumen-notify[{extra}]'"
    assert "Traceback" not in done.stderr


def test_queue_that_is_not_named_is_one_line(run_command: RunCommand) -> None:
    done = run_command("intake")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "LUMEN_INTAKE_URL: is not set, so there is no queue to take in\n"


def test_it_takes_in_until_a_signal_and_ends_with_status_0(
    start_command: StartCommand, sqlite_url: str, valkey: Valkey
) -> None:
    client = redis.Redis.from_url(valkey.url)
    for number in range(10):
        client.xadd("orders", {"body": json.dumps({**ENVELOPE, "idempotency_key": f"order-{number}"})})
    running = start_command(
        "intake",
        "--metrics-port",
        str(port := free_port()),
        LUMEN_DATABASE_URL=sqlite_url,
        LUMEN_INTAKE_URL=valkey.url,
        LUMEN_INTAKE_TOPIC="orders",
    )

    def has_all() -> bool:
        groups = client.xinfo_groups("orders")
        return [(one["lag"], one["pending"]) for one in groups] == [(0, 0)]

    wait_until(has_all, within_seconds=60, what="the acknowledgements")
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
    assert 'lumen_intake_messages_total{outcome="accepted"} 10.0' in metrics
    assert 'lumen_outage{what="intake"} 0.0' in metrics
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0
    assert "takes in from Redis at 127.0.0.1 port" in running.output()
    assert "ended" in running.output().splitlines()[-1]
    client.close()
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as database:
        assert database.execute("SELECT count(*) FROM lumen_notification").fetchone() == (10,)


def test_port_that_is_taken_is_one_line(run_command: RunCommand, sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_command(
            "intake",
            "--metrics-port",
            str(port),
            LUMEN_DATABASE_URL=sqlite_url,
            LUMEN_INTAKE_URL="redis://127.0.0.1:9",
        )
    assert done.returncode == 1
    problem = f"lumen-notify: Cannot serve metrics at 127.0.0.1 port {port}: Address already in use."
    assert done.stderr.splitlines()[-1] == problem
    assert "Traceback" not in done.stderr
