"""One trace across instances, by each of the backplanes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest

from clients import NOTIFICATIONS, SECRET, EventStream, eventually, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.settings import Secret
from valkey import Valkey

from .recorded_spans import Recorded, id_of, parent_of, trace_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
BODY = {"to": {"user": "bob"}, "category": "like", "content": "hi"}


@contextlib.asynccontextmanager
async def instance(database_url: str, backplane_url: str | None) -> AsyncIterator[tuple[str, str]]:
    """Run an instance; yield its address and its name."""
    settings = Settings(
        database_url=database_url, backplane_url=backplane_url, jwt_secret=Secret(SECRET), tracing="on"
    )
    async with Lumen(settings) as lumen, serve(lumen.app, http=HandoverProtocol) as base_url:
        assert lumen._services is not None
        backplane = lumen._services.backplane
        await eventually(lambda: getattr(backplane, "probed_at", 0) is not None, what="the backplane")
        yield base_url, lumen._services.instance


async def check(database_url: str, backplane_url: str | None, recorded: Recorded) -> None:
    async with (
        instance(database_url, backplane_url) as (here, own_name),
        instance(database_url, backplane_url) as (there, other_name),
        httpx.AsyncClient(timeout=30) as http,
    ):
        stream = await EventStream.open(there, token("bob"))
        answer = await http.post(
            f"{here}{NOTIFICATIONS}",
            json=BODY,
            headers={
                "Authorization": f"Bearer {token('alice', 'notify:publish')}",
                "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
            },
        )
        assert answer.status_code == 201
        await stream.wait_for_event("message")
        await eventually(lambda: len(recorded.named("fan-out")) == 2, what="both fan-outs")
        await stream.close()
    (commit,) = [one for one in recorded.of(own_name) if one.name == "commit Publish"]
    for name in (own_name, other_name):
        (fan_out,) = [one for one in recorded.of(name) if one.name == "fan-out"]
        assert (trace_of(fan_out), parent_of(fan_out)) == (TRACE, id_of(commit))
        assert fan_out.attributes == {"lumen.position": answer.json()["position"], "lumen.instance": name}
    assert {one.name for one in recorded.of(other_name)} <= {"fan-out", f"GET {NOTIFICATIONS}/stream"}


@pytest.mark.postgresql
async def test_trace_goes_on_at_the_other_instance_by_postgresql(
    postgresql_url: str, recorded: Recorded
) -> None:
    await check(postgresql_url, None, recorded)


@pytest.mark.postgresql
async def test_trace_goes_on_at_the_other_instance_by_redis(
    postgresql_url: str, valkey: Valkey, recorded: Recorded
) -> None:
    await check(postgresql_url, valkey.url, recorded)
