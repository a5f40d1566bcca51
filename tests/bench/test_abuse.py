"""Abuse: every route is attacked with a large request that is valid; what is slow for others is noticed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from bench.abuse import MEMORY_BYTES, WORST_OPERATIONS, Probes, longest_slow, measure
from bench.largest_requests import NOT_ATTACKED, World, attacks, enlarged
from clients import token
from lumen_notify.auth import PUBLISH
from lumen_notify.load_test.local_server import run_local_server
from sites import open_site

MAX_SERVER_SECONDS = 0.4
"""CPU time while one probe waits: it was 0.17 at most with the rate limits, and 0.68 at least without."""


def test_slow_is_the_longest_time_without_a_fast_probe() -> None:
    assert longest_slow([], 0.01) == 0
    fast = [(n / 10, 0.05) for n in range(20)]
    assert longest_slow(fast, 0.005) == 0
    assert longest_slow([*fast, (2.0, 0.5), (2.5, 0.6), (3.1, 0.05), (3.2, 0.3)], 0.005) == pytest.approx(1.1)
    assert longest_slow([(0.0, 0.5)], 0.06) == 0, "ten times the median is allowed"


def test_a_body_is_made_as_large_as_it_may_be() -> None:
    body = enlarged({"content": "hi", "ids": ["a"], "kind": "text"})
    assert len(body["content"]) == 4000
    assert len(body["ids"]) == 1000
    assert body["kind"] == "text"
    assert 60_000 < len(json.dumps(body)) < 120_000


async def test_every_operation_of_a_user_is_attacked_and_most_requests_are_valid(sqlite_url: str) -> None:
    async with open_site(sqlite_url) as site:
        await site.api("bob").ask("POST", "/rooms", {"id": "den", "kind": "public"})
        sent = await site.api("bob").ask("POST", "/rooms/den/messages", {"content": "x"})
        document = (await site.http.get("/openapi.json")).json()
        (one, *_) = await site.api("bob").pages()
        world = World(notification_id=one["id"], message_id=sent["id"], more={"epoch": "e"})
        found = {attack.name: attack for attack in attacks(document, world)}
        with_token = {
            operation["operationId"]
            for methods in document["paths"].values()
            for operation in methods.values()
            if isinstance(operation, dict) and {"bearer": []} in operation.get("security", ())
        }
        assert set(found) == with_token - set(NOT_ATTACKED)
        invalid: dict[str, Any] = {}
        headers = {"Authorization": f"Bearer {token('bob', PUBLISH)}"}
        for attack in found.values():
            assert len(attack.body or b"") <= 65_536, attack.name
            if attack.name == "openStream":
                continue
            answer = await site.http.request(attack.method, attack.path, content=attack.body, headers=headers)
            if answer.status_code == 422:
                invalid[attack.name] = answer.json()
        assert invalid == {}


@pytest.mark.server
@pytest.mark.slow
async def test_an_attack_is_measured_from_the_side_of_the_others() -> None:
    async with run_local_server(None, has_limits=True) as server:
        results = await measure(server, seconds=0.5, only=["getCounts"], attackers=1)
        assert [result.attack.name for result in results] == ["getCounts"] * 2
        assert all(sum(result.statuses.values()) > 0 for result in results)
        assert Probes(server).publishes == []
        async with httpx.AsyncClient() as http:
            assert (await http.get(f"http://127.0.0.1:{server.process.port}/healthz")).status_code == 200


@pytest.mark.server
@pytest.mark.slow
async def test_nobody_without_a_scope_makes_the_server_work_long_while_others_wait() -> None:
    """A short form of `python -m bench.abuse`. What counts is the CPU time of the server, SQLite included: it
    does not depend on what else the machine does."""
    async with run_local_server(None, has_limits=True) as server:
        results = await measure(server, seconds=0.5, only=WORST_OPERATIONS, attackers=2, connections=[20])
    assert {result.attack.name for result in results} == set(WORST_OPERATIONS)
    seconds = {result.attack.name: result.server_seconds for result in results}
    assert max(seconds.values()) < MAX_SERVER_SECONDS, seconds
    assert max(result.memory_bytes for result in results) < MEMORY_BYTES
