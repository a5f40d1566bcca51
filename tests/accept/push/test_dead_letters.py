"""Dead letters by HTTP: admins list them, and try one again."""

from __future__ import annotations

from typing import Any

import httpx

from clients import token
from lumen_notify.auth import ADMIN
from lumen_notify.model import new_id
from sites import Site, refused

LETTERS = "/api/v1/push/dead-letters"

AT = 1_800_000_000_000
"""Young enough for the retention, which begins with the server."""


async def ask(site: Site, method: str, path: str = "", *scopes: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token('ops', *scopes)}"}
    return await site.http.request(method, LETTERS + path, headers=headers)


async def give_up(site: Site, id_: str, notification_id: str = "n", *, has_push: bool = True) -> None:
    """Write a dead letter, and the row of its push."""
    services = site.lumen._services
    assert services is not None
    async with services.database.transaction() as transaction:
        await transaction.run_sql(
            "INSERT INTO lumen_push_dead_letter (id, push_id, notification_id, user_id, device_id, provider,"  # noqa: S608
            f" reason, created_at) VALUES ('{id_}', 'push-{id_}', '{notification_id}', 'bob', 'device',"
            f" 'fcm', 'INVALID_ARGUMENT', {AT})"
        )
        if has_push:
            await transaction.run_sql(
                "INSERT INTO lumen_push (id, kind, priority, policy, created_at, due_at, done_at)"  # noqa: S608
                f" VALUES ('push-{id_}', 'notification', 'normal', 'offline', {AT}, {AT}, {AT})"
            )


async def items(site: Site, query: str = "") -> Any:
    answer = await ask(site, "GET", query, ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_admins_list_dead_letters_newest_first(site: Site) -> None:
    ids = [new_id() for _ in range(3)]
    for id_ in ids:
        await give_up(site, id_, "" if id_ == ids[0] else "n")
    page = await items(site, "?limit=2")
    assert page["items"][0] == {
        "id": ids[2],
        "notification_id": "n",
        "user_id": "bob",
        "device_id": "device",
        "provider": "fcm",
        "reason": "INVALID_ARGUMENT",
        "created_at": "2027-01-15T08:00:00.000Z",
    }
    rest = await items(site, f"?limit=2&cursor={page['next_cursor']}")
    assert [one["id"] for one in (*page["items"], *rest["items"])] == ids[::-1]
    assert rest["items"][0]["notification_id"] is None
    assert rest["next_cursor"] is None


async def test_retry_makes_the_push_due_and_deletes_the_dead_letter(site: Site) -> None:
    id_, other = new_id(), new_id()
    await give_up(site, id_)
    await give_up(site, other)
    answer = await ask(site, "POST", f"/{id_.upper()}/retry", ADMIN)
    assert (answer.status_code, answer.json()["id"]) == (200, id_)
    refused(await ask(site, "POST", f"/{id_}/retry", ADMIN), 404, "not_found")
    assert [one["id"] for one in (await items(site))["items"]] == [other]
    headers = {"Authorization": f"Bearer {token('ops', ADMIN)}"}
    (entry,) = (await site.http.get("/api/v1/admin/audit", headers=headers)).json()["items"]
    assert (entry["actor"], entry["action"]) == ("ops", "dead_letter.retried")
    assert entry["target"] == f"dead_letter:{id_}"
    assert entry["details"] == {"user": "bob", "provider": "fcm"}


async def test_push_that_is_not_known_any_more_cannot_be_tried_again(site: Site) -> None:
    id_ = new_id()
    await give_up(site, id_, has_push=False)
    answer = await ask(site, "POST", f"/{id_}/retry", ADMIN)
    refused(answer, 404, "not_found")
    assert "LUMEN_RETENTION_PUSH_SECONDS" in answer.json()["detail"]
    assert len((await items(site))["items"]) == 1


async def test_others_see_and_try_none(site: Site) -> None:
    id_ = new_id()
    await give_up(site, id_)
    refused(await ask(site, "GET", "", "notify:publish"), 403, "forbidden")
    refused(await ask(site, "POST", f"/{id_}/retry"), 403, "forbidden")
    assert len((await items(site))["items"]) == 1
