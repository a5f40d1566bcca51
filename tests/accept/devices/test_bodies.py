"""Bodies about devices: what the models take, their published schemas take, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from lumen_notify.accept.devices.bodies import DeviceBody, DeviceTokenBody

from ..body_schemas import fits, is_taken, undescribed
from .device_requests import KEYS, phone, subscription, webpush

APNS = "0aFf" * 16

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (DeviceBody, webpush()),
    (DeviceBody, webpush(token=None, keys=None, kind=None, name=None, locale=None)),
    (DeviceBody, webpush(subscription=subscription(expirationTime=1_800_000_000_000.5))),
    (DeviceBody, webpush(subscription=subscription(expirationTime=1_800_000_000_000))),
    (DeviceBody, webpush(subscription={"endpoint": "https://push.example/1", "keys": KEYS})),
    (DeviceBody, webpush(subscription=subscription(endpoint="http://127.0.0.1:9/1"))),  # a setting allows it
    (DeviceBody, phone(kind="tablet", name="🦊 & <b>", locale="zh-Hant-TW", keys=KEYS)),
    (DeviceBody, phone("x" * 4096, subscription=None)),
    (DeviceBody, {"provider": "fcm", "token": "bk3RNwTe3H0:CI2k_HHwgIpoDKCIZvvDMExUdFQ3P1-x"}),
    (DeviceBody, {"provider": "apns", "token": APNS}),
    (DeviceBody, {"provider": "my.own-one", "token": "any text é"}),
    (DeviceTokenBody, {"provider": "apns", "token": APNS}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (DeviceBody, {}),
    (DeviceBody, []),
    (DeviceBody, {"provider": "fcm"}),
    (DeviceBody, {"token": "x"}),
    (DeviceBody, {"provider": None, "token": "x"}),
    (DeviceBody, {"provider": "FCM", "token": "x"}),
    (DeviceBody, {"provider": "webpush"}),
    (DeviceBody, {"provider": "webpush", "token": "https://push.example/1"}),
    (DeviceBody, webpush(token="x")),
    (DeviceBody, webpush(keys=KEYS)),
    (DeviceBody, webpush(subscription=None)),
    (DeviceBody, webpush(subscription={"endpoint": "https://push.example/1"})),
    (DeviceBody, webpush(subscription=subscription(endpoint="ftp://push.example/1"))),
    (DeviceBody, webpush(subscription=subscription(endpoint="https://" + "a" * 5000))),
    (DeviceBody, webpush(subscription=subscription(expirationTime="soon"))),
    (DeviceBody, webpush(subscription=subscription(expirationTime=False))),
    (DeviceBody, webpush(subscription=subscription(options={}))),
    (DeviceBody, webpush(subscription=subscription(keys={**KEYS, "p256dh": "x"}))),
    (DeviceBody, webpush(subscription=subscription(keys={**KEYS, "auth": ""}))),
    (DeviceBody, webpush(subscription=subscription(keys={"auth": KEYS["auth"]}))),
    (DeviceBody, phone(subscription=subscription())),
    (DeviceBody, phone("")),
    (DeviceBody, phone("x" * 4097)),
    (DeviceBody, phone("a\x00b")),
    (DeviceBody, phone("a\x7fb")),
    (DeviceBody, phone(None)),
    (DeviceBody, phone(7)),
    (DeviceBody, phone(name="")),
    (DeviceBody, phone(name="x" * 201)),
    (DeviceBody, phone(name="a\tb")),
    (DeviceBody, phone(locale="e")),
    (DeviceBody, phone(locale="en_GB")),
    (DeviceBody, phone(locale="en-" + "x" * 9)),
    (DeviceBody, phone(locale="en" + "-x" * 9)),
    (DeviceBody, phone(kind="watch")),
    (DeviceBody, phone(keys={})),
    (DeviceBody, phone(user_id="eve")),
    (DeviceBody, {"provider": "fcm", "token": "a b"}),
    (DeviceBody, {"provider": "apns", "token": APNS + "0"}),
    (DeviceBody, {"provider": "apns", "token": "0a"}),
    (DeviceBody, {"provider": "apns", "token": "0a" * 2000}),
    (DeviceTokenBody, {"provider": "apns"}),
    (DeviceTokenBody, {"provider": "apns", "token": "x", "id": "y"}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [DeviceBody, DeviceTokenBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    assert undescribed(model) == []


def test_an_apns_token_is_one_in_any_case() -> None:
    bodies = [
        DeviceBody(provider="apns", token=APNS).address,
        DeviceBody(provider="apns", token=APNS.lower()).address,
        DeviceTokenBody(provider="apns", token=APNS.upper()).token,
    ]
    assert set(bodies) == {APNS.lower()}
