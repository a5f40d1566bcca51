"""Requests of administrators, and of those who are none."""

from __future__ import annotations

from typing import Any

import httpx

from clients import token
from lumen_notify.auth import ADMIN, PUBLISH
from sites import Site, refused

ADMIN_PATH = "/api/v1/admin"


async def ask(
    site: Site,
    method: str,
    path: str,
    body: Any = None,
    *,
    user: str = "root",
    scopes: tuple[str, ...] = (ADMIN, PUBLISH),
) -> httpx.Response:
    """Send a request. path: below /api/v1/admin, or a whole one."""
    target = path if path.startswith("/api/") else ADMIN_PATH + path
    headers = {"Authorization": f"Bearer {token(user, *scopes)}"}
    return await site.http.request(method, target, json=body, headers=headers)


async def done(site: Site, method: str, path: str, body: Any = None, **given: Any) -> Any:
    """Send a request that succeeds; return its answer."""
    answer = await ask(site, method, path, body, **given)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


async def audited(site: Site, query: str = "") -> list[tuple[str, str, str | None]]:
    """Return who did what to whom, newest first."""
    items = (await done(site, "GET", f"/audit{query}"))["items"]
    return [(one["actor"], one["action"], one["target"]) for one in items]


async def refuse_others(site: Site, method: str, path: str, body: Any = None) -> None:
    """Assert that neither strangers nor users, applications and moderators may do it, and that nothing of it
    is in the audit log."""
    before = await audited(site)
    target = path if path.startswith("/api/") else ADMIN_PATH + path
    refused(await site.http.request(method, target, json=body), 401, "token_missing")
    for user in ("alice", "bob"):  # alice owns the rooms of the tests
        refused(await ask(site, method, path, body, user=user, scopes=(PUBLISH,)), 403, "forbidden")
        refused(await ask(site, method, path, body, user=user, scopes=("none",)), 403, "forbidden")
    assert await audited(site) == before
