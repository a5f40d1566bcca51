"""No line has a payload or a token, whatever fails: each route that takes some, each place that may raise.

`cli/test_secrecy.py` does so for a server as it runs. Here defects are made up, with the secret in the
exception.
"""

from __future__ import annotations

import base64
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from clients import NOTIFICATIONS, EventStream, eventually, token
from log_lines import LogLines, log_lines
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.transaction import Transaction
from lumen_notify.deliver.channel import Channel
from lumen_notify.deliver.streams.opening import StreamOpener
from lumen_notify.outages import Outage
from lumen_notify.push.dispatch.dispatcher import Dispatcher
from lumen_notify.push.providers.registry import close_providers
from lumen_notify.push.push import Delivery, Push, Result, Target
from lumen_notify.services import Services
from lumen_notify.settings import Secret
from sites import Site, open_site

MARK = "kept-to-ourselves"
PASSWORD = f"{MARK}-password"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(MARK.encode() * 2).decode()
BODY = {
    "to": {"user": "bob"},
    "category": "like",
    "title": f"{MARK} title",
    "content": f"{MARK} content",
    "data": {"a": f"{MARK} data"},
    "url": f"https://app.example/{MARK}",
    "sender": {"id": "alice", "username": f"{MARK} name"},
}


class Watched:
    """A site whose lines are kept. shown: what must be in none of them."""

    def __init__(self, site: Site, lines: LogLines) -> None:
        self.site = site
        self.lines = lines
        self.shown = {MARK, PASSWORD, WEBHOOK_SECRET, WEBHOOK_SECRET.removeprefix("whsec_")}

    @property
    def services(self) -> Services:
        assert self.site.lumen._services is not None
        return self.site.lumen._services

    async def send(self, method: str, path: str, body: Any = None, *, user: str = "alice") -> Any:
        """Send a request; return the document of its response, if it has one."""
        given = token(user, *(["notify:publish", "notify:admin"] if user == "alice" else []))
        self.shown |= set(given.split(".")[1:])
        headers = {"Authorization": f"Bearer {given}", "Idempotency-Key": f"{MARK}-{len(self.shown)}"}
        if path != NOTIFICATIONS:
            del headers["Idempotency-Key"]
        answer = await self.site.http.request(method, path, json=body, headers=headers)
        return answer.json() if answer.content else None

    def check(self) -> None:
        text = self.lines.text
        assert '"level":"debug"' in text
        found = [line[:2000] for line in text.splitlines() if any(secret in line for secret in self.shown)]
        assert found == []


@contextlib.asynccontextmanager
async def watched(database_url: str, **settings: Any) -> AsyncIterator[Watched]:
    with log_lines("debug", "json", has_access_log=True) as lines:
        async with open_site(database_url, accounts="on", **settings) as site:
            one = Watched(site, lines)
            yield one
        one.check()


async def test_no_route_logs_what_it_is_given(database_url: str) -> None:
    settings = {
        "push_providers": ("webhook",),
        "push_webhook_url": f"http://127.0.0.1:1/{MARK}",
        "push_webhook_secret": Secret(WEBHOOK_SECRET),
        "push_private_addresses": "on",
    }
    async with watched(database_url, **settings) as one:
        ann = {"username": "ann", "password": PASSWORD}
        session = await one.send("POST", "/api/v1/auth/register", ann)
        one.shown |= {session["refresh_token"], *session["access_token"].split(".")[1:]}
        again = await one.send("POST", "/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]})
        one.shown |= {again["refresh_token"], *again["access_token"].split(".")[1:]}
        await one.send("POST", "/api/v1/auth/refresh", {"refresh_token": session["refresh_token"]})
        await one.send("POST", "/api/v1/auth/login", {**ann, "password": PASSWORD + "!"})
        ticket = (await one.send("POST", f"{NOTIFICATIONS}/stream/tickets", {}))["ticket"]
        one.shown.add(ticket)
        stream = await EventStream.open(one.site.base_url, token("bob"), query={"device": "mobile"})
        device = {"provider": "webhook", "token": f"{MARK}-token", "name": f"{MARK} phone"}
        await one.send("POST", "/api/v1/devices", device, user="bob")
        room = {"id": "r", "kind": "public", "title": f"{MARK} room", "members": ["bob"]}
        for method, path, body in (
            ("POST", NOTIFICATIONS, {**BODY, "push": "always", "priority": "high"}),
            ("POST", NOTIFICATIONS, {**BODY, "to": {"all": True}}),
            ("POST", NOTIFICATIONS, {**BODY, "unknown": MARK}),
            ("POST", NOTIFICATIONS, [BODY, {"content": MARK}]),
            ("POST", "/api/v1/rooms", room),
            ("POST", "/api/v1/rooms/r/messages", {"content": f"{MARK} message", "client_id": MARK}),
            ("POST", "/api/v1/messages", {"to": "bob", "content": f"{MARK} message"}),
            ("GET", f"{NOTIFICATIONS}?cursor={MARK}", None),
            ("DELETE", "/api/v1/devices", {"provider": "webhook", "token": f"{MARK}-token"}),
        ):
            await one.send(method, path, body)
        await stream.wait_for(lambda: len(stream.frames) > 5, what="the events")
        await eventually(lambda: "Pushes failed: " in one.lines.text, what="a push that fails")
        await stream.close()
        for part in (" opened: device mobile", "Broadcast done: ", "Device "):
            assert part in one.lines.text


Raise = Callable[..., Any]


def raising(kind: type[Exception]) -> Raise:
    async def fail(*_: object, **__: object) -> Any:
        try:
            raise kind(f"{MARK} within")
        except Exception as error:
            raise LookupError(MARK, BODY) from error

    return fail


@pytest.mark.parametrize("kind", [ValueError, KeyError, UserWarning], ids=lambda kind: kind.__name__)
async def test_no_defect_logs_what_it_was_about(sqlite_url: str, kind: type[Exception]) -> None:
    async with watched(sqlite_url) as one:
        one.services.committer._handlers = {**one.services.committer._handlers, Publish: raising(kind)}
        problem = await one.send("POST", NOTIFICATIONS, BODY)
        assert problem["code"] == "internal"
        one.services.supervisor.start("made up", raising(kind))
        one.services.messages.handle("made up", lambda _: (_ for _ in ()).throw(kind(MARK)))
        one.services.messages.receive("made up", {"a": MARK})
        await eventually(lambda: "task made up: failing" in one.lines.text, what="the task to fail")
        assert one.lines.text.count('"trace":"Traceback') >= 4
        assert kind.__name__ in one.lines.text
        await one.services.supervisor.stop("made up")


SQL = (
    "INSERT INTO lumen_event (position, audience, kind, body, created_at) VALUES (99, 'all', NULL, '{}', 0)",
    "INSERT INTO lumen_event (position, audience, kind, body, created_at) VALUES ('{}', 'all', 'a', '', 0)",
    "SELECT {} FROM lumen_event",
    "SELECT CAST('{}' AS integer), json_extract('{}', 'x')",
)


@pytest.mark.parametrize("sql", SQL)
async def test_no_error_of_the_database_logs_its_values(database_url: str, sql: str) -> None:
    async def fail(tx: Transaction, _commands: Sequence[Any]) -> Sequence[Any]:
        await tx._transaction.run_sql(sql.format(*[MARK] * 2))
        raise AssertionError("the statement did not fail")

    async with watched(database_url) as one:
        one.services.committer._handlers = {**one.services.committer._handlers, Publish: fail}
        assert (await one.send("POST", NOTIFICATIONS, BODY))["code"] == "internal"
        assert '"msg":"Publish failed"' in one.lines.text


@pytest.mark.postgresql
async def test_no_value_of_a_wrong_type_is_logged(postgresql_url: str) -> None:
    async def fail(tx: Transaction, _commands: Sequence[Any]) -> Sequence[Any]:
        return await tx.run("events_of_content", position=MARK)

    async with watched(postgresql_url) as one:
        one.services.committer._handlers = {**one.services.committer._handlers, Publish: fail}
        assert (await one.send("POST", NOTIFICATIONS, BODY))["code"] == "internal"
        assert "DataError" in one.lines.text


async def test_no_stream_that_fails_logs_what_it_sent(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise ValueError(MARK)

    async with watched(sqlite_url) as one:
        stream = await EventStream.open(one.site.base_url, token("bob"))
        with monkeypatch.context() as patch:
            patch.setattr(Channel, "deliver", fail)
            await one.send("POST", NOTIFICATIONS, BODY)
            await stream.wait_for_end()
        assert "A user's frames could not be made" in one.lines.text
        monkeypatch.setattr(StreamOpener, "open", raising(ValueError))
        refused = await EventStream.open(one.site.base_url, token("bob"))
        await refused.wait_for_end()
        assert "could not be opened." in one.lines.text
        for each in (stream, refused):
            await each.close()


class Talkative:
    """A provider whose failures have the token."""

    name = "talkative"

    async def send(self, push: Push, target: Target) -> Result:
        raise RuntimeError(f"{target.token} {push.content}")

    def config(self) -> dict[str, Any]:
        return {}

    async def close(self) -> None:
        raise RuntimeError(MARK)


async def test_no_provider_of_the_applications_own_logs_its_pushes() -> None:
    target = Target(id="d", user_id="u", provider="talkative", token=f"{MARK}-token")
    push = Push(payload={}, content=f"{MARK} content", collapse_key="", badge=1, ttl_seconds=60)
    deliveries = [Delivery(push=push, target=target, push_id="p", created_at=0)] * 10
    with log_lines() as lines:
        dispatcher = Dispatcher({"talkative": Talkative()}, lambda: 0, outage=Outage)
        await dispatcher.dispatch(deliveries)
        await close_providers([Talkative()])
    assert "push by talkative: failing: " in lines.text
    assert "The provider talkative could not be closed: RuntimeError in test_log_secrecy.py:" in lines.text
    assert MARK not in lines.text


async def test_no_password_of_a_url_is_logged(sqlite_url: str) -> None:
    url = f"redis://user:{PASSWORD}@127.0.0.1:1/0"
    async with watched(sqlite_url, backplane_url=url) as one:
        await eventually(lambda: "backplane: failing: " in one.lines.text, what="the outage")


def test_what_is_looked_for_would_be_found() -> None:
    with log_lines() as lines:
        one = Watched(None, lines)  # type: ignore[arg-type]
        logging.getLogger("lumen_notify").debug("a line with %s", MARK)
    with pytest.raises(AssertionError):
        one.check()
