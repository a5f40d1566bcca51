"""Account requests: register, log in and refresh by HTTP, with the tokens that come back."""

from __future__ import annotations

from typing import Any

import httpx
import jwt

from clients import SECRET
from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.model import to_json
from sites import Site

AUTH = "/api/v1/auth"
GOOD = "correct horse battery"


def endpoints(site: Site) -> AccountEndpoints:
    assert site.lumen._endpoints is not None
    assert site.lumen._endpoints.accounts is not None
    return site.lumen._endpoints.accounts


async def post(
    site: Site, path: str, body: Any, *, bearer: str | None = None, **headers: str
) -> httpx.Response:
    given = {"Content-Type": "application/json", **headers}
    if bearer is not None:
        given["Authorization"] = f"Bearer {bearer}"
    content = body if isinstance(body, bytes) else to_json(body).encode()
    return await site.http.post(f"{AUTH}/{path}", content=content, headers=given)


async def begun(site: Site, path: str, body: Any, *, bearer: str | None = None) -> dict[str, Any]:
    answer = await post(site, path, body, bearer=bearer)
    assert answer.status_code == (201 if path == "register" else 200), answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    session: dict[str, Any] = answer.json()
    return session


async def register(site: Site, name: str = "ann", password: str = GOOD, **more: Any) -> dict[str, Any]:
    return await begun(site, "register", {"username": name, "password": password, **more})


async def log_in(site: Site, name: str = "ann", password: str = GOOD) -> dict[str, Any]:
    return await begun(site, "login", {"username": name, "password": password})


async def me(site: Site, access_token: str) -> httpx.Response:
    return await site.http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {access_token}"})


def claims(session: dict[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(session["access_token"], SECRET, algorithms=["HS256"])
    return decoded


async def refresh(site: Site, session: dict[str, Any]) -> httpx.Response:
    return await post(site, "refresh", {"refresh_token": session["refresh_token"]})
