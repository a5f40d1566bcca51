"""Devices by HTTP: registered, listed and deleted by their user alone, who never sees a token or a key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from lumen_notify.accept.devices.keys import public_key
from lumen_notify.commit.push.due import DuePushes
from lumen_notify.commit.push.progress import AdvancePushes, DeviceResult
from lumen_notify.model import to_json
from sites import OpenSite, Site, refused

from ..talk import call, done, paged
from .device_requests import CONFIG, DEVICES, KEYS, listed, phone, subscription, webpush


async def test_a_device_is_registered_listed_and_deleted(pushing: Site) -> None:
    answer = await call(
        pushing, "bob", "POST", DEVICES, webpush(kind="desktop", name="Bob's laptop", locale="en-GB")
    )
    assert answer.status_code == 201, answer.text
    device = answer.json()
    at = device["created_at"]
    assert device == {
        "id": device["id"],
        "provider": "webpush",
        "kind": "desktop",
        "name": "Bob's laptop",
        "locale": "en-GB",
        "is_encrypted": True,
        "created_at": at,
        "registered_at": at,
        "last_used_at": None,
        "failures": 0,
        "failure": None,
        "dropped_at": None,
    }
    again = await call(pushing, "bob", "POST", DEVICES, webpush(name="Bob's other laptop"))
    assert again.status_code == 200
    assert again.json()["id"] == device["id"]
    assert again.json()["kind"] is None
    other = await done(pushing, "bob", "POST", DEVICES, phone(name="Phone"))
    assert not other["is_encrypted"]
    assert await listed(pushing, "bob") == [other, again.json()]

    path = f"{DEVICES}/{device['id'].upper()}"
    assert (await call(pushing, "bob", "DELETE", path)).status_code == 204
    refused(await call(pushing, "bob", "DELETE", path), 404, "not_found")
    assert await listed(pushing, "bob") == [other]


async def test_a_page_that_knows_only_its_endpoint_deletes_its_device(pushing: Site) -> None:
    await done(pushing, "bob", "POST", DEVICES, webpush())
    body = {"provider": "webpush", "token": subscription()["endpoint"]}
    refused(await call(pushing, "eve", "DELETE", DEVICES, body), 404, "not_found")
    assert (await call(pushing, "bob", "DELETE", DEVICES, body)).status_code == 204
    refused(await call(pushing, "bob", "DELETE", DEVICES, body), 404, "not_found")
    assert await listed(pushing, "bob") == []


async def test_the_devices_of_others_are_not_found(pushing: Site) -> None:
    device = await done(pushing, "bob", "POST", DEVICES, phone())
    refused(await call(pushing, "eve", "DELETE", f"{DEVICES}/{device['id']}"), 404, "not_found")
    refused(await call(pushing, "eve", "DELETE", f"{DEVICES}/nothing"), 404, "not_found")
    assert await listed(pushing, "eve") == []
    assert await listed(pushing, "bob") == [device]


async def test_a_token_that_another_user_has_moves_without_a_word_about_either(pushing: Site) -> None:
    before = await done(pushing, "bob", "POST", DEVICES, webpush(name="Bob's laptop"))
    answer = await call(pushing, "eve", "POST", DEVICES, webpush())

    assert answer.status_code == 201, "as for a token that nobody has"
    assert answer.json()["id"] != before["id"]
    assert "bob" not in answer.text.lower()
    assert await listed(pushing, "bob") == []
    assert await listed(pushing, "eve") == [answer.json()]
    refused(await call(pushing, "bob", "DELETE", f"{DEVICES}/{answer.json()['id']}"), 404, "not_found")


async def test_a_token_that_is_only_text_is_a_device_of_each_user(pushing: Site) -> None:
    devices = {user: await done(pushing, user, "POST", DEVICES, phone("email")) for user in ("ann", "bob")}
    again = await call(pushing, "ann", "POST", DEVICES, phone("email", name="Post"))

    assert (again.status_code, again.json()["id"]) == (200, devices["ann"]["id"])
    assert await listed(pushing, "bob") == [devices["bob"]]
    body = {"provider": "log", "token": "email"}
    assert (await call(pushing, "bob", "DELETE", DEVICES, body)).status_code == 204
    assert await listed(pushing, "bob") == []
    assert await listed(pushing, "ann") == [again.json()]


async def test_no_answer_has_a_token_an_endpoint_or_a_key(pushing: Site) -> None:
    texts = [
        (await call(pushing, "bob", method, DEVICES, body)).text
        for method, body in (
            ("POST", webpush("very-secret")),
            ("POST", phone("very-secret", keys=KEYS)),
            ("POST", {"provider": "apns", "token": "very-secret"}),
            ("POST", webpush(subscription=subscription("very-secret", keys={**KEYS, "auth": "very-secret"}))),
            ("DELETE", {"provider": "fcm", "token": "very-secret?"}),
            ("GET", None),
        )
    ]
    assert not [text for text in texts for one in ("secret", *KEYS.values()) if one in text]


async def test_one_device_more_than_the_limit_takes_the_place_of_the_oldest(open_with: OpenSite) -> None:
    async with open_with(push_providers=("log",), max_devices_per_user=3) as site:

        async def register(first: int) -> set[int]:
            answers = [
                await call(site, "bob", "POST", DEVICES, phone(f"t{number}"))
                for number in range(first, 200, 20)
            ]
            return {answer.status_code for answer in answers}

        assert await asyncio.gather(*map(register, range(20))) == [{201}] * 20
        devices = await listed(site, "bob")
        assert len(devices) == 3
        last = await done(site, "bob", "POST", DEVICES, phone("last"))
        assert await listed(site, "bob") == [last, *devices[:2]]


async def test_devices_are_listed_in_pages(pushing: Site) -> None:
    ids = [(await done(pushing, "bob", "POST", DEVICES, phone(f"t{number}")))["id"] for number in range(5)]
    assert await paged(pushing, "bob", f"{DEVICES}?limit=2") == ids[::-1]
    refused(await call(pushing, "bob", "GET", f"{DEVICES}?cursor=devices:x"), 422, "invalid", "cursor")


async def test_the_config_names_the_providers(pushing: Site, open_with: OpenSite) -> None:
    config = await done(pushing, "bob", "GET", CONFIG)
    assert config["providers"]["log"] == {}
    assert public_key(config["providers"]["webpush"]["public_key"])
    assert list(config["providers"]) == ["log", "webpush"]
    async with open_with(push_providers=("off",)) as site:
        assert await done(site, "bob", "GET", CONFIG) == {"providers": {}}
        problem = refused(await call(site, "bob", "POST", DEVICES, phone()), 422, "invalid", "provider")
        assert "push is off" in problem["detail"] + to_json(problem)


async def test_another_provider_is_refused_with_those_that_are_configured(open_with: OpenSite) -> None:
    async with open_with(push_providers=("webpush", "log")) as site:
        answer = await call(site, "bob", "POST", DEVICES, {"provider": "webhook", "token": "x"})
        problem = refused(answer, 422, "invalid", "provider")
        assert problem["errors"][0]["message"] == "must be one of log, webpush"


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example/1", "https://127.0.0.1/1", "https://[::1]/1", "https://localhost/1"],
)
async def test_an_endpoint_at_a_private_address_needs_a_setting(open_with: OpenSite, endpoint: str) -> None:
    body = webpush(subscription=subscription(endpoint=endpoint))
    async with open_with() as site:
        refused(await call(site, "bob", "POST", DEVICES, body), 422, "invalid", "subscription.endpoint")
        assert await listed(site, "bob") == []
    async with open_with(push_private_addresses="on") as site:
        assert (await call(site, "bob", "POST", DEVICES, body)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (phone("x" * 4097), "token"),
        (phone("a\nb"), "token"),
        ({"provider": "fcm", "token": "a b"}, "token"),
        (phone(name="x" * 201), "name"),
        (phone(name="a\x00b"), "name"),
        (phone(name="a\nb"), "name"),
        (phone(kind="toaster"), "kind"),
        (phone(locale="english please"), "locale"),
        ({"provider": "apns", "token": "not hexadecimal"}, "token"),
        ({"provider": "webpush", "token": "x"}, "body"),
        ({"provider": "fcm", "subscription": subscription()}, "body"),
        (webpush(keys=KEYS), "body"),
        (webpush(subscription=subscription(endpoint="https://u:p@push.example/")), "subscription.endpoint"),
        (webpush(subscription=subscription(keys={**KEYS, "auth": "AAAA"})), "subscription.keys.auth"),
        (phone(keys={**KEYS, "p256dh": "B" + "A" * 86}), "keys.p256dh"),
    ],
)
async def test_a_wrong_device_is_refused_by_field(site: Site, body: dict[str, Any], field: str) -> None:
    answer = await call(site, "bob", "POST", DEVICES, body)
    refused(answer, 422, "invalid", field)
    assert await listed(site, "bob") == []


async def test_a_device_shows_its_failures_and_why_it_was_dropped(pushing: Site) -> None:
    device = await done(pushing, "bob", "POST", DEVICES, phone())
    services = pushing.lumen._services
    assert services is not None

    async def note(**result: Any) -> Any:
        (one,) = await DuePushes(services.database).devices(["bob"])
        noted = DeviceResult(device_id=one.id, user_id="bob", registered_at=one.registered_at, **result)
        await services.committer.submit(AdvancePushes(devices=(noted,)))
        (shown,) = await listed(pushing, "bob")
        return [shown[name] for name in ("failures", "failure", "last_used_at", "dropped_at")]

    assert await note(failure="too large") == [1, "too large", None, None]
    assert (await note(failure="again"))[:2] == [2, "again"]
    failures, failure, used_at, dropped_at = await note(is_sent=True)
    assert (failures, failure, dropped_at) == (0, None, None)
    assert used_at >= device["created_at"]
    failures, failure, at, dropped_at = await note(is_gone=True, failure="unregistered")
    assert (failures, failure, at) == (1, "unregistered", used_at)
    assert dropped_at >= used_at
