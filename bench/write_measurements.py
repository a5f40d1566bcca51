"""Write measurements: durable writes, 64 concurrently; one function per set-up."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bench import compared_servers
from bench.cpu_usage import ServerCpu, measure_undisturbed
from bench.post_load import PostResults, post_concurrently
from bench.size import Size
from bench.stream_measurements import Values
from lumen_notify.load_test.protocol import LumenProtocol
from lumen_notify.load_test.publisher import Publisher

CONCURRENCY = 64
USERS = 1_000
"""Recipients, one per publish, in rotation."""

ROOMS = 8
"""Rooms that get messages, in rotation. All senders are members of each."""

GROUPS = 20
TEXT_CHARACTERS = 200
"""Publishes to many: to each group of USERS in rotation, of a text of this length."""

WARM_UP_SECONDS = 1.0


async def publish(name: str, size: Size) -> Values:
    """Publish to one user each."""
    async with compared_servers.start_for_writes(name, size) as target:
        return await _post(
            target, size, [_publish_request(target.protocol, number) for number in range(USERS)]
        )


async def publish_to_many(name: str, size: Size, *, characters: int = TEXT_CHARACTERS) -> Values:
    """Publish a text to many users at once. A write is a publish, with its row for each user.

    characters: of the text, which stands in `data`: it may be longer there than in `content`.
    """
    async with compared_servers.start_for_writes(name, size) as target:
        groups = [[f"bench-{group}-{number}" for number in range(USERS)] for group in range(GROUPS)]
        requests = [
            target.protocol.post_request(
                json.dumps(
                    {
                        "to": {"users": users},
                        "category": "like",
                        "content": "liked your photo",
                        "data": {"text": "x" * characters},
                    }
                ).encode()
            )
            for users in groups
        ]
        values = await _post(target, size, requests)
        return {
            **values,
            "rows_per_second": values["writes_per_second"] * USERS,
            "row_cpu_us": values["write_cpu_us"] / USERS,
        }


async def send(name: str, size: Size) -> Values:
    """Send messages to rooms, by as many users as connections, all members of all rooms."""
    async with compared_servers.start_for_writes(name, size) as target:
        return await _post(target, size, await message_requests(target.protocol))


async def message_requests(protocol: LumenProtocol) -> Sequence[bytes]:
    """Create the rooms; return a message of each user to each room."""
    members = [protocol.user(number) for number in range(1, CONCURRENCY)]
    creator = await Publisher.connect(protocol.host, protocol.port)
    for number in range(ROOMS):
        room = {"id": f"bench-{number}", "members": members}
        await creator.publish(protocol.post_request(json.dumps(room).encode(), "/rooms", user=0))
    creator.close()
    body = json.dumps({"content": "and what do you say to this?"}).encode()
    return [
        protocol.post_request(body, f"/rooms/bench-{room}/messages", user=user)
        for user in range(CONCURRENCY)
        for room in range(ROOMS)
    ]


def _publish_request(protocol: LumenProtocol, number: int) -> bytes:
    body = {"to": {"user": f"bench-{number}"}, "category": "like", "content": "liked your photo"}
    return protocol.post_request(json.dumps(body).encode())


async def _post(target: compared_servers.WriteTarget, size: Size, requests: Sequence[bytes]) -> Values:
    protocol = target.protocol

    async def post(seconds: float) -> PostResults:
        return await post_concurrently(
            protocol.host, protocol.port, requests, connections=CONCURRENCY, seconds=seconds
        )

    async def write() -> Values:
        cpu = ServerCpu(target.process)
        results = await post(size.seconds)
        return {
            "writes_per_second": results.per_second,
            "write_cpu_us": cpu.us_per(len(results.latencies_ns)),
            "write_p50_ms": results.latency_ms(0.5),
            "write_p99_ms": results.latency_ms(0.99),
        }

    await post(WARM_UP_SECONDS)
    return await measure_undisturbed(target.process, size, write, database=target.database_pid)
