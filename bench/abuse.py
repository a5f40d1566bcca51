"""Abuse: whether a user without any scope can delay others, by any route (`python -m bench.abuse`).

Goes through all routes of `/openapi.json`, each with the largest legal request, from one connection and from
20 at once; a new route is covered by the example in its description, enlarged. Meanwhile it publishes to
another user and opens another user's stream, again and again. The promise is broken if one of the two takes
longer than ten times its idle median (and 100 ms) for longer than a second, or if memory grows by more than
64 MiB.

The machine must be idle otherwise: the server, the attacker and the others share its cores.
"""

# ruff: noqa: T201 - it reports

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.largest_requests import Attack, World, attacks
from lumen_notify.auth import PUBLISH, mint
from lumen_notify.load_test.local_server import LocalServer, run_local_server

CONNECTIONS = 20
SLOWER_TIMES = 10
SLOWER_SECONDS = 0.1
LONGEST_SLOW_SECONDS = 1.0
MEMORY_BYTES = 64 * 1024 * 1024

ROOM_MEMBERS = 900
OWN_NOTIFICATIONS = 3000
OWN_ROOMS = 200

ATTACKERS = 12
"""Users who attack in turn, so that each attack begins with full buckets."""

Sample = tuple[float, float]
"""When a probe began, and how long it took, in seconds."""

WORST_OPERATIONS = (
    *("openStream", "publish", "listNotifications", "createRoom", "addMembers", "listRooms"),
    *("sendMessage", "listMessages", "markRead", "markRoomsRead"),
)
"""Those whose largest requests cost the most, for a short form of the attack."""


@dataclass(slots=True)
class Result:
    """What the others saw during one attack. publish, ready: the longest time that they were slow, in
    seconds. server_seconds: the most CPU time that the server took while one of them waited."""

    attack: Attack
    statuses: Mapping[int, int]
    publish: float
    ready: float
    worst_publish: float
    worst_ready: float
    server_seconds: float
    memory_bytes: int

    @property
    def is_kept(self) -> bool:
        """Whether the promise held."""
        return max(self.publish, self.ready) <= LONGEST_SLOW_SECONDS and self.memory_bytes <= MEMORY_BYTES


def longest_slow(samples: Sequence[Sample], idle_seconds: float) -> float:
    """Return the longest time without a probe that was fast enough. idle_seconds: the median at rest."""
    bound = max(SLOWER_TIMES * idle_seconds, SLOWER_SECONDS)
    longest, since = 0.0, None
    for began, took in samples:
        if took <= bound:
            since = None
            continue
        since = began if since is None else since
        longest = max(longest, began + took - since)
    return longest


async def open_stream(port: int, token: str) -> bytes:
    """Open a stream until it is ready, and close it; return what it sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /api/v1/notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
    writer.write(head.encode())
    sent = await reader.readuntil(b"event: ready")
    writer.close()
    return sent


class Probes:
    """What others do meanwhile: publish, and open a stream."""

    def __init__(self, server: LocalServer) -> None:
        self._base = f"http://127.0.0.1:{server.process.port}"
        self._app = mint(server.secret, "app", ttl_seconds=86_400, scopes=[PUBLISH])
        self._victim = mint(server.secret, "victim", ttl_seconds=86_400)
        self._port = server.process.port
        self._cpu_seconds = server.process.cpu_seconds
        self.publishes: list[Sample] = []
        self.opens: list[Sample] = []
        self.server_seconds: list[float] = []

    def clear(self) -> None:
        """Forget what was measured."""
        for measured in (self.publishes, self.opens, self.server_seconds):
            measured.clear()

    async def run(self) -> None:
        """Probe until cancelled."""
        await asyncio.gather(self._publish(), self._open())

    async def _publish(self) -> None:
        headers = {"Authorization": f"Bearer {self._app}"}
        body = {"to": {"user": "victim"}, "category": "like", "content": "hi"}
        async with httpx.AsyncClient(base_url=self._base, headers=headers, timeout=60) as http:
            while True:
                with self._measured(self.publishes):
                    (await http.post("/api/v1/notifications", json=body)).raise_for_status()
                await asyncio.sleep(0.05)

    async def _open(self) -> None:
        while True:
            with self._measured(self.opens):
                await open_stream(self._port, self._victim)
            await asyncio.sleep(1.1)  # the victim has a limit of streams, too

    @contextlib.contextmanager
    def _measured(self, samples: list[Sample]) -> Iterator[None]:
        began, server_began = time.monotonic(), self._cpu_seconds() or 0.0
        yield
        samples.append((began, time.monotonic() - began))
        self.server_seconds.append((self._cpu_seconds() or 0.0) - server_began)


def attack_in_process(
    port: int, token: str, attack: Attack, seconds: float, connections: int
) -> dict[int, int]:
    """Attack from this process; return how often each status was answered.

    It runs in a process of its own, so that it does not delay the probes.
    """
    return asyncio.run(_attack(port, token, attack, seconds, connections))


async def _attack(port: int, token: str, attack: Attack, seconds: float, connections: int) -> dict[int, int]:
    body = attack.body or b""
    head = (
        f"{attack.method} {attack.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    statuses: dict[int, int] = {}
    until = time.monotonic() + seconds

    async def send() -> None:
        while time.monotonic() < until:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(head.encode() + body)
                status = int((await reader.readuntil(b"\r\n")).split()[1])
                statuses[status] = statuses.get(status, 0) + 1
                if attack.name == "openStream":
                    await reader.readuntil(b"data:")
                else:
                    await reader.read()
                writer.close()

    await asyncio.gather(*(send() for _ in range(connections)))
    return statuses


async def prepare(server: LocalServer, user: str) -> World:
    """Let an attacker own as much as anybody may, by the application's token where limits are in the way."""
    base = f"http://127.0.0.1:{server.process.port}/api/v1"
    app = {"Authorization": f"Bearer {mint(server.secret, user, ttl_seconds=3600, scopes=[PUBLISH])}"}
    world = World(user=user, room_id=f"den-{user}")
    async with httpx.AsyncClient(headers=app, timeout=120) as http:
        members = [f"m{number}" for number in range(ROOM_MEMBERS)]
        room = {"id": world.room_id, "kind": "public", "members": members}
        (await http.post(f"{base}/rooms", json=room)).raise_for_status()
        for number in range(OWN_ROOMS):
            await http.post(f"{base}/rooms", json={"id": f"{user}-{number}", "kind": "public"})
        for _ in range(OWN_NOTIFICATIONS // 500):
            many = [{"to": {"user": user}, "category": "like", "content": "x"}] * 500
            world.notification_id = (await http.post(f"{base}/notifications", json=many)).json()["items"][0][
                "id"
            ]
        for _ in range(300):
            sent = await http.post(f"{base}/rooms/{world.room_id}/messages", json={"content": "x"})
            world.message_id = sent.json()["id"]
        await http.post(f"{base}/notifications/read", json={"all": True})
    opened = await open_stream(server.process.port, mint(server.secret, user, ttl_seconds=60))
    world.more["epoch"] = opened.partition(b"id: ")[2].partition(b"-")[0].decode()
    return world


async def measure(
    server: LocalServer,
    *,
    seconds: float,
    only: Collection[str] = (),
    attackers: int = ATTACKERS,
    connections: Sequence[int] = (1, CONNECTIONS),
) -> list[Result]:
    """Attack by each route in turn; print and return what the others saw.

    only: operations; empty for all. connections: how many attack at once.
    """
    worlds = [await prepare(server, f"mallory-{number}") for number in range(attackers)]
    tokens = [mint(server.secret, world.user, ttl_seconds=86_400) for world in worlds]
    probes = Probes(server)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.process.port}") as http:
        document = (await http.get("/openapi.json")).json()
    loop, processes = asyncio.get_running_loop(), ProcessPoolExecutor(1)
    task = asyncio.create_task(probes.run())
    await asyncio.sleep(6)
    idle_publish = statistics.median(took for _, took in probes.publishes)
    idle_ready = statistics.median(took for _, took in probes.opens)
    print(f"idle medians: publish {idle_publish * 1000:.1f} ms, ready {idle_ready * 1000:.1f} ms")
    before = server.process.memory_bytes() or 0
    results: list[Result] = []
    for same in zip(*(attacks(document, world) for world in worlds), strict=True):
        if only and same[0].name not in only:
            continue
        for at_once in connections:
            number = len(results) % attackers
            attack, token = same[number], tokens[number]
            probes.clear()
            statuses = await loop.run_in_executor(
                processes, attack_in_process, server.process.port, token, attack, seconds, at_once
            )
            await asyncio.sleep(1.5)
            result = Result(
                attack=attack,
                statuses=statuses,
                publish=longest_slow(probes.publishes, idle_publish),
                ready=longest_slow(probes.opens, idle_ready),
                worst_publish=max((took for _, took in probes.publishes), default=float("inf")),
                worst_ready=max((took for _, took in probes.opens), default=float("inf")),
                server_seconds=max(probes.server_seconds, default=float("inf")),
                memory_bytes=(server.process.memory_bytes() or 0) - before,
            )
            results.append(result)
            print(
                f"{'' if result.is_kept else 'BROKEN '}{attack.name} x{at_once}: slow for"
                f" {result.publish:.2f} s (publish), {result.ready:.2f} s (ready); worst"
                f" {result.worst_publish * 1000:.0f} ms, {result.worst_ready * 1000:.0f} ms; the server's CPU"
                f" {result.server_seconds * 1000:.0f} ms; memory"
                f" {result.memory_bytes / 2**20:+.0f} MiB; answers {dict(sorted(statuses.items()))}",
                flush=True,
            )
            if task.done():
                await task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    processes.shutdown()
    return results


async def main() -> int:
    """Run it; return 1 if the promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.abuse", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each route is attacked")
    parser.add_argument("--only", nargs="+", default=(), help="the operationIds of some routes")
    parser.add_argument("--database-url", help="instead of a temporary SQLite file")
    parser.add_argument("--no-limits", action="store_true", help="with LUMEN_RATE_LIMITS=off")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lumen-abuse-") as folder:
        async with run_local_server(
            None, Path(folder), database_url=given.database_url, has_limits=not given.no_limits
        ) as server:
            results = await measure(server, seconds=given.seconds, only=given.only)
    broken = [result.attack.name for result in results if not result.is_kept]
    print(f"{len(results)} attacks, broken by: {', '.join(dict.fromkeys(broken)) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
