"""A newer version writes events that this one does not know, as in a rolling upgrade: nobody is stopped."""

from __future__ import annotations

import httpx

from clients import SECRET, Api, EventStream, serve
from lumen_notify import Lumen, Settings
from lumen_notify.commit.database import Database
from lumen_notify.model import now_ms, to_json
from lumen_notify.settings import Secret

UNKNOWN = [
    ("user:ann", "presence", '{"status":"online"}'),
    ("user:ann", "read", '{"data":{}}'),
    ("user:ann", "left", '{"data":{"room_id":"tea"},"categories":{},"rooms":{}}'),
    ("all", "expire", '{"data":{"ids":[]},"gone":"everything"}'),
    ("all", "notification", "[1]"),
    ("room:tea", "message", "not JSON"),
    ("room:tea", "poll", "{}"),
    ("topic:news", "notification", "{}"),
]


async def write_as_a_newer_version(database_url: str) -> None:
    database = Database(database_url)
    await database.open()
    async with database.transaction() as sql:
        ((position, *_),) = await sql.run("log_end")
        rows = [
            {
                "position": position + n,
                "audience": audience,
                "kind": kind,
                "category": None,
                "body": body,
                "content_position": None,
                "created_at": now_ms(),
            }
            for n, (audience, kind, body) in enumerate(UNKNOWN, start=1)
        ]
        await sql.run("append_events", rows=rows)
    await database.close()


async def test_events_that_are_not_known_stop_nobody(database_url: str) -> None:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings) as lumen,
        serve(lumen.app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http,
    ):
        app, ann, bob = (Api(http, user, "notify:publish") for user in ("app", "ann", "bob"))
        await ann.ask("POST", "/rooms", {"id": "tea", "kind": "private", "members": ["bob"]})
        streams = {api.user_id: await EventStream.open(url, api.token) for api in (ann, bob)}
        ready = {user: await stream.wait_for_event("ready") for user, stream in streams.items()}

        await write_as_a_newer_version(database_url)
        await app.post("", {"to": {"all": True}, "category": "like", "content": "after it"})

        for stream in streams.values():
            frame = await stream.wait_for_event("message")
            assert (frame.data["data"]["content"], frame.data["unread_count"]) == ("after it", 1)
        figures = (await http.get("/metrics")).text
        assert 'lumen_events_skipped_total{kind="presence"} 1.0' in figures
        for stream in streams.values():
            await stream.close()

        for api in (ann, bob):
            resumed = await EventStream.open(url, api.token, cursor=ready[api.user_id].id)
            again = await resumed.wait_for_event("ready")
            assert (again.data["recovered"], again.data["replayed"]) == (True, 1), to_json(again.data)
            frame = await resumed.wait_for_event("message")
            assert frame.data["data"]["content"] == "after it"
            await resumed.close()

    # And after a restart, when it comes from the database.
    async with Lumen(settings) as lumen, serve(lumen.app) as url:
        resumed = await EventStream.open(url, ann.token, cursor=ready["ann"].id)
        again = await resumed.wait_for_event("ready")
        assert (again.data["recovered"], again.data["replayed"]) == (True, 1)
        await resumed.close()
