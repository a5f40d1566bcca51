"""Preference requests: a user chooses, and an administrator defines categories."""

from __future__ import annotations

import json
from typing import Any

import httpx

from clients import token
from lumen_notify.auth import ADMIN
from sites import Site

PREFERENCES = "/api/v1/preferences"
CATEGORIES = "/api/v1/categories"
NIGHT = {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"}
ROOT = {"Authorization": f"Bearer {token('root', ADMIN)}"}


async def choose(site: Site, body: Any, user: str = "bob") -> httpx.Response:
    return await site.send("PATCH", PREFERENCES, body=json.dumps(body).encode(), user=user)


async def define(site: Site, name: str, **fields: Any) -> httpx.Response:
    path = f"{CATEGORIES}/{name}"
    return await site.send("PUT", path, body=json.dumps(fields).encode(), headers=ROOT)
