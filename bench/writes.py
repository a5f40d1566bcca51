"""Writes: what durable writes take, 64 at once: one function per set-up, as in `figures`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench import subjects
from bench.figures import Values
from bench.posts import Posts, post_at_once
from bench.size import Size
from bench.watch import undisturbed
from lumen_notify.bench.publisher import Publisher
from lumen_notify.bench.wire import LumenWire

AT_ONCE = 64
USERS = 1_000
"""Users who are published to in turn, one each time."""

ROOMS = 8
"""Rooms that are written to in turn. All who write are in each."""

WARM_UP_SECONDS = 1.0


async def publish(name: str, size: Size) -> Values:
    """Publish to one user each."""
    async with subjects.start_writing(name, size) as subject:
        return await _post(subject, size, [_publication(subject.wire, number) for number in range(USERS)])


async def send(name: str, size: Size) -> Values:
    """Send messages to rooms: as many users as connections, each member of each room."""
    async with subjects.start_writing(name, size) as subject:
        wire = subject.wire
        members = [wire.user(number) for number in range(1, AT_ONCE)]
        maker = await Publisher.connect(wire.host, wire.port)
        for number in range(ROOMS):
            room = {"id": f"bench-{number}", "members": members}
            await maker.publish(wire.post(json.dumps(room).encode(), "/rooms", user=0))
        maker.close()
        body = json.dumps({"content": "and what do you say to this?"}).encode()
        return await _post(
            subject,
            size,
            [
                wire.post(body, f"/rooms/bench-{room}/messages", user=user)
                for user in range(AT_ONCE)
                for room in range(ROOMS)
            ],
        )


def _publication(wire: LumenWire, number: int) -> bytes:
    body = {"to": {"user": f"bench-{number}"}, "category": "like", "content": "liked your photo"}
    return wire.post(json.dumps(body).encode())


async def _post(subject: subjects.Written, size: Size, requests: Sequence[bytes]) -> Values:
    wire = subject.wire

    async def post(seconds: float) -> Posts:
        return await post_at_once(wire.host, wire.port, requests, connections=AT_ONCE, seconds=seconds)

    async def write() -> Values:
        posts = await post(size.seconds)
        return {
            "writes_per_second": posts.per_second,
            "write_p50_ms": posts.latency_ms(0.5),
            "write_p99_ms": posts.latency_ms(0.99),
        }

    await post(WARM_UP_SECONDS)
    return await undisturbed(subject.server, size, write, database=subject.database_pid)
