"""Schedule by HTTP: scheduled notifications are listed and cancelled by their sender alone."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clients import SECRET, Api, Refusal
from lumen_notify import Lumen, Settings
from lumen_notify.auth import ADMIN, PUBLISH
from lumen_notify.model import now_ms, rfc3339
from lumen_notify.settings import Secret


def later(milliseconds: int, content: str = "hi", **to: Any) -> dict[str, Any]:
    at = rfc3339(now_ms() + milliseconds)
    return {"to": to or {"user": "ann"}, "category": "like", "content": content, "deliver_at": at}


@pytest.fixture
async def http(database_url: str) -> Any:
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET))
    async with (
        Lumen(settings) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        yield http


async def test_a_scheduled_notification_is_listed_until_its_sender_cancels_it(
    http: httpx.AsyncClient,
) -> None:
    app, other, admin = Api(http, "app"), Api(http, "other"), Api(http, "root", PUBLISH, ADMIN)
    answer = await app.post("", later(3_600_000))
    await app.post("", [later(7_200_000), later(5_400_000, all=True)])
    assert answer == {"id": answer["id"], "recipients": 1, "position": None, "status": "scheduled"}

    listed = (await app.get("/scheduled"))["items"]
    first = await app.get("/scheduled", limit=2)
    second = await app.get("/scheduled", limit=2, cursor=first["next_cursor"])
    assert first["items"] + second["items"] == listed
    assert [item["to"] for item in listed] == [{"users": ["ann"]}, {"all": True}, {"users": ["ann"]}]
    assert (await other.get("/scheduled"))["items"] == []
    assert (await admin.get("/scheduled"))["items"] == listed
    assert (await Api(http, "ann").fetched()).unread_count == 0

    path = f"/api/v1/notifications/{answer['id']}/schedule"
    for api, status in ((other, 404), (app, 204), (app, 404)):
        assert (await http.delete(path, headers=api._headers)).status_code == status
    assert [item["id"] for item in (await app.get("/scheduled"))["items"]] == [
        row["id"] for row in listed[1:]
    ]


@pytest.mark.parametrize(
    "deliver_at",
    [
        "2020-01-01T00:00:00Z",
        "9999-01-01T00:00:00Z",
        "2099-01-01T00:00:00",
        "2099-02-30T00:00:00Z",
        "soon",
        "",
    ],
)
async def test_an_invalid_time_is_refused(http: httpx.AsyncClient, deliver_at: str) -> None:
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").post("", later(1000) | {"deliver_at": deliver_at})
    assert refused.value.status == 422
    assert [error["field"] for error in refused.value.problem["errors"]] == ["deliver_at"]


async def test_an_invalid_cursor_is_refused(http: httpx.AsyncClient) -> None:
    with pytest.raises(Refusal) as refused:
        await Api(http, "app").get("/scheduled", cursor="7")
    assert refused.value.status == 422


async def test_push_and_devices_are_shown_to_the_publisher_alone(http: httpx.AsyncClient) -> None:
    app, ann = Api(http, "app"), Api(http, "ann")
    delivery = {"push": "offline", "devices": ["mobile", "tablet"]}
    await app.post("", later(3_600_000) | delivery)
    (waiting,) = (await app.get("/scheduled"))["items"]
    assert {name: waiting[name] for name in delivery} == delivery
    body = {name: value for name, value in later(1).items() if name != "deliver_at"}
    id_ = (await app.post("", body | delivery))["id"]
    assert not (await ann.get("/" + id_)).keys() & delivery.keys()
