"""Sites: one Lumen behind a real server in this process, and what must not change when it refuses.

Not here: the fixtures (`accept/conftest.py`), the clients (`clients.py`).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from clients import NOTIFICATIONS, SECRET, Api, serve, token
from lumen_notify import Lumen, Settings
from lumen_notify.auth import PUBLISH
from lumen_notify.deliver.connection.handover import HandoverProtocol
from lumen_notify.http.problem_types import PROBLEM_TYPES
from lumen_notify.model import now_ms, to_json
from lumen_notify.settings import Secret

USERS = ("alice", "bob", "eve")


@dataclass
class Site:
    """A running Lumen. alice may publish; bob and eve may not. `ahead_ms` moves its clock."""

    lumen: Lumen
    base_url: str
    http: httpx.AsyncClient
    ahead_ms: int = 0

    def api(self, user: str) -> Api:
        return Api(self.http, user, *([PUBLISH] if user == "alice" else ["none"]))

    async def send(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes | None = None,
        user: str = "alice",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send what no good client would send. path: below /notifications, or a whole one below /api or /."""
        target = path if path.startswith(("/api", "/health")) else NOTIFICATIONS + path
        scopes = [PUBLISH] if user == "alice" else []
        given = {"Authorization": f"Bearer {token(user, *scopes)}"} if headers is None else headers
        return await self.http.request(method, target, content=body, headers=given)

    async def publish(self, user: str = "bob", content: str = "hello", **fields: Any) -> str:
        """Publish one notification; return its id."""
        body = {"to": {"user": user}, "category": "like", "content": content, **fields}
        id_: str = (await self.api("alice").post("", body))["id"]
        return id_

    async def state(self) -> list[Any]:
        """Read all that every user has, and where the log is."""
        bells = [await self.api(user).fetched() for user in USERS]
        for bell in bells:
            assert bell.recount() == bell.categories
        return [bells, (await self.api("bob").get("/counts"))["position"]]

    @contextlib.asynccontextmanager
    async def unchanged(self) -> AsyncIterator[None]:
        """Assert that nothing at all is done meanwhile."""
        before = await self.state()
        yield
        assert await self.state() == before


def refused(answer: httpx.Response, status: int, code: str, *fields: str) -> dict[str, Any]:
    """Assert a problem document (RFC 9457) whose detail is a sentence, and that names just these fields."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:lumen-notify:{code}"
    assert problem["title"] == PROBLEM_TYPES[code].title
    assert re.fullmatch(r"[A-Z0-9`].*[^.]\.", problem["detail"], re.DOTALL), "a sentence"
    assert answer.text == to_json(problem) or "\\u" in answer.text, "compact"
    assert [fault["field"] for fault in problem.get("errors", [])] == list(fields), problem
    assert all(fault["message"] for fault in problem.get("errors", []))
    return problem


@contextlib.asynccontextmanager
async def open_site(database_url: str, **settings: Any) -> AsyncIterator[Site]:
    """Run a Lumen with bob's first three notifications."""

    def clock() -> int:
        return now_ms() + site.ahead_ms

    # Tests do in a second what no person does in an hour.
    defaults = Settings(database_url=database_url, jwt_secret=Secret(SECRET), rate_limits="off")
    given = defaults.with_(**settings)
    async with (
        Lumen(given, clock=clock) as lumen,
        serve(lumen.app, http=HandoverProtocol) as base_url,
        httpx.AsyncClient(base_url=base_url, timeout=30) as http,
    ):
        site = Site(lumen, base_url, http)
        if given.jwt_audience is None:
            for content in ("one", "two", "three"):
                await site.publish("bob", content)
        yield site


class OpenSite(Protocol):
    """Called with settings, as `async with open_with(max_batch_rows=2) as site`."""

    def __call__(self, **settings: Any) -> AbstractAsyncContextManager[Site]: ...
