"""Hostile clients against a real server: they do not read, do not send, or do not disconnect."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, Api, EventStream, eventually, token
from conftest import StartServer
from lumen_notify.load_test.load import Load, percentile
from lumen_notify.load_test.protocol import LumenProtocol, stamped_content
from lumen_notify.load_test.publisher import Publisher
from servers import RunningServer, wait_until

from .crowd import Crowd, figures, resident_bytes

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(240)]

READERS = 100
NEVER_READERS = 1000
MAX_BACKLOG_BYTES = 65_536
BOUND_BYTES = max(MAX_BACKLOG_BYTES, 16_384 + MAX_BACKLOG_BYTES // 2, 80 * 1024)
"""What may wait for one stream: see deliver/connection/connection.py."""

PUBLISHES = 24
CONTENT = "x" * 4000
TRIES = 4


class Undisturbed:
    """A hundred clients that read, and one that publishes to all, one after the other."""

    def __init__(self, server: RunningServer) -> None:
        self._load = Load(LumenProtocol("127.0.0.1", server.port, secret=SECRET))
        self._server = server

    async def latencies(self, publishes: int) -> list[int]:
        """Return, ascending, the nanoseconds from each publish to each receipt."""
        load = self._load
        await load.open(READERS, sample_every=1)
        publisher = await Publisher.connect("127.0.0.1", self._server.port)
        base = load.counter.frames
        load.counter.receipts_ns.clear()
        try:
            for number in range(1, publishes + 1):
                request = load.protocol.publish_request(stamped_content(time.perf_counter_ns()) + CONTENT)
                async with asyncio.timeout(30):
                    await publisher.publish(request)
                    await load.counter.wait_for(base + number * READERS)
        finally:
            publisher.close()
            load.close()
        assert len(load.counter.receipts_ns) == publishes * READERS
        return sorted(load.counter.receipts_ns)


def streams_ended(server: RunningServer, reason: str) -> float:
    return figures(server).get(f'lumen_streams_ended_total{{reason="{reason}"}}', 0)


async def wait_for_no_streams(server: RunningServer) -> None:
    await eventually(
        lambda: figures(server)["lumen_streams"] == 0, within_seconds=30, what="the streams to end"
    )


async def test_thousand_clients_that_never_read_cost_bounded_memory_and_delay_nobody(
    start_server: StartServer,
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_MAX_BACKLOG_BYTES=str(MAX_BACKLOG_BYTES))
    told: list[dict[str, float]] = []
    for number in range(1, TRIES + 1):
        # The same load with the same number of streams; those of the first thousand are read too.
        with Crowd(server, NEVER_READERS, packet_bytes=0):
            undisturbed = await Undisturbed(server).latencies(PUBLISHES)
        await wait_for_no_streams(server)
        before_bytes = resident_bytes(server)
        with Crowd(server, NEVER_READERS, packet_bytes=1400) as crowd:
            crowd.stop_reading()
            beside = await Undisturbed(server).latencies(PUBLISHES)
            held_bytes = figures(server)["lumen_backlog_bytes"]
            assert held_bytes <= NEVER_READERS * BOUND_BYTES
            await _publish_until_all_are_too_slow(server, number)
            assert resident_bytes(server) - before_bytes <= NEVER_READERS * BOUND_BYTES
            assert figures(server)["lumen_backlog_bytes"] == 0
        await wait_for_no_streams(server)
        shares = {"half": 0.5, "nine tenths": 0.9}
        told.append(
            {name: percentile(beside, at) / percentile(undisturbed, at) for name, at in shares.items()}
        )
        if max(told[-1].values()) <= 2:
            return
    pytest.fail(f"latency beside clients that never read, as a multiple of that beside others: {told}")


async def _publish_until_all_are_too_slow(server: RunningServer, rounds: int) -> None:
    """Go on until the clients that never read have been closed as slow, each once a round."""
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        api = Api(http, "publisher")
        for _ in range(100):
            if figures(server)["lumen_streams"] == 0:
                break
            for _ in range(5):
                await api.post("", {"to": {"all": True}, "category": "flood", "content": CONTENT * 2})
    assert streams_ended(server, "slow") == rounds * NEVER_READERS


async def test_client_that_takes_nothing_for_a_heartbeat_is_dropped_by_the_kernel(
    start_server: StartServer,
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_PING_SECONDS="1")
    with Crowd(server, 1, "ann", packet_bytes=1400) as crowd:
        crowd.stop_reading()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            api = Api(http, "publisher")
            for _ in range(20):  # more than the kernel holds, less than the backlog may
                await api.post("", {"to": {"user": "ann-0"}, "category": "like", "content": "x" * 8000})
        assert figures(server)["lumen_streams"] == 1
        began = time.monotonic()
        await wait_for_no_streams(server)
        assert time.monotonic() - began < 20, "5 s is the shortest time that a peer is given"
        assert streams_ended(server, "gone") == 1


# -------------------------------------------------------------------------------------------- slow-loris
class HastyServer(RunningServer):
    """A server that gives a request three seconds to come in, so that a test need not wait for twenty."""

    request_seconds = 3.0

    @property
    def command(self) -> list[str]:
        program = (
            "from lumen_notify.deliver.connection import http_protocol;"
            f"http_protocol.REQUEST_SECONDS = {self.request_seconds};"
            "from lumen_notify.cli import main; main()"
        )
        return ["-c", program, "serve"]


LORISES = 500

BEGINNINGS = (
    b"GET / HTTP/1.1\r\nx-long: ",
    f"POST {NOTIFICATIONS} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n".encode(),
    f"GET {NOTIFICATIONS}/stream?token=".encode(),
    b"",
    b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n\r\n",
)


async def loris(server: RunningServer, beginning: bytes) -> float:
    """Send the beginning of a request, then a byte a second. Return the seconds until that was ended."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(beginning)

    async def sending() -> None:
        while True:
            await asyncio.sleep(1)
            writer.write(b"y" if beginning and not beginning.endswith(b"\r\n\r\n\r\n") else b"\r")

    sender = asyncio.create_task(sending())
    with contextlib.suppress(ConnectionError):
        while await reader.read(65536):
            pass
    seconds = time.monotonic() - began
    sender.cancel()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return seconds


async def test_clients_that_send_a_byte_a_second_keep_nobody_out_and_are_ended(tmp_path: Path) -> None:
    with HastyServer(tmp_path, environ={"LUMEN_JWT_SECRET": SECRET}) as server:
        lorises = [
            asyncio.create_task(loris(server, BEGINNINGS[number % len(BEGINNINGS)]))
            for number in range(LORISES)
        ]
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            await eventually(lambda: _connections(server) > LORISES, what="all of them to be connected")
            began = time.monotonic()
            stream = await EventStream.open(server.url, token("ann"))
            await stream.wait_for_event("ready")
            await Api(http, "publisher").post("", {"to": {"user": "ann"}, "category": "x", "content": "hi"})
            await stream.wait_for_event("message")
            assert time.monotonic() - began < 2, "a client that behaves is served at once"
            async with asyncio.timeout(60):
                seconds = await asyncio.gather(*lorises)
            assert HastyServer.request_seconds - 0.5 < min(seconds)
            assert max(seconds) < 4 * HastyServer.request_seconds
            assert not stream.has_ended
            await stream.close()
        assert "Traceback" not in server.log()


def _connections(server: RunningServer) -> int:
    """Count the server's sockets, the one that listens among them."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


# ---------------------------------------------------------------------------------------------- the end
async def test_sigterm_ends_two_hundred_streams_in_good_order_within_the_drain_time(
    start_server: StartServer,
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_DRAIN_SECONDS="8")
    streams = [await EventStream.open(server.url, token(f"user {number}")) for number in range(200)]
    for stream in streams:
        await stream.wait_for_event("ready")
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    for stream in streams:
        await stream.wait_for_end()
        assert stream.is_whole
        assert stream.frames[-1].data == {"reason": "shutdown", "reconnect": True}
        await stream.close()
    assert await asyncio.to_thread(server.process.wait, 20) == 0
    assert time.monotonic() - began < 8
    retries = [stream.frames[-1].retry_ms for stream in streams]
    assert all(retry is not None and 5000 <= retry <= 10_000 for retry in retries)
    assert len(set(retries)) > 100
    assert "Traceback" not in server.log()
    assert len(re.findall(r"closed: shutdown", server.log())) == 200


async def test_clients_that_never_read_do_not_keep_the_server_from_ending(start_server: StartServer) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_DRAIN_SECONDS="2")
    with Crowd(server, 20, "ann", packet_bytes=1400) as crowd:
        crowd.stop_reading()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            for _ in range(20):
                body = {"to": {"all": True}, "category": "like", "content": "x" * 8000}
                await Api(http, "publisher").post("", body)
        assert figures(server)["lumen_backlog_bytes"] > 0
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.process.wait, 20) == 0


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_second_signal_ends_at_once_whoever_has_not_read_yet(
    start_server: StartServer, second: signal.Signals
) -> None:
    server = start_server(LUMEN_JWT_SECRET=SECRET, LUMEN_DRAIN_SECONDS="3000")
    with Crowd(server, 1, "ann", packet_bytes=1400) as crowd:
        crowd.stop_reading()
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
            for _ in range(20):
                body = {"to": {"user": "ann-0"}, "category": "like", "content": "x" * 8000}
                await Api(http, "publisher").post("", body)
        server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(wait_until, lambda: _refuses(server), within_seconds=20, what="the drain")
        began = time.monotonic()
        server.process.send_signal(second)
        assert await asyncio.to_thread(server.process.wait, 20) == 0
        assert time.monotonic() - began < 5


def _refuses(server: RunningServer) -> bool:
    with socket.socket() as probe:
        return bool(probe.connect_ex(("127.0.0.1", server.port)))
