"""Bodies about accounts: the models take what their schemas take; a refusal repeats no secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from lumen_notify.accept.accounts.bodies import (
    LoginBody,
    PasswordBody,
    ProfileBody,
    RefreshBody,
    RegisterBody,
)
from lumen_notify.model import to_json
from sites import Site, refused

from ..body_schemas import fits, is_taken, undescribed
from .account_requests import AUTH, GOOD, post, register

LOGIN = {"name": "ann", "password": "correct horse battery"}

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (RegisterBody, {"name": "Ann.b-1_x", "password": "x" * 8}),
    (RegisterBody, LOGIN | {"password": "x" * 1024, "username": "\u00c4nnchen", "avatar": "/a.png"}),
    (RegisterBody, LOGIN | {"name": "a" * 64, "username": None, "avatar": None}),
    (LoginBody, LOGIN),
    (LoginBody, LOGIN | {"password": ""}),
    (RefreshBody, {"refresh_token": ""}),
    (PasswordBody, {"old": "", "new": "x" * 8}),
    (ProfileBody, {"username": "Ann"}),
    (ProfileBody, {"avatar": None}),
    (ProfileBody, {"username": None, "avatar": "/a.png"}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (RegisterBody, ["ann"]),
    (RegisterBody, {"name": "ann"}),
    (RegisterBody, LOGIN | {"name": "an"}),
    (RegisterBody, LOGIN | {"name": "a" * 65}),
    (RegisterBody, LOGIN | {"name": ".ann"}),
    (RegisterBody, LOGIN | {"name": "ann\n"}),
    (RegisterBody, LOGIN | {"password": "x" * 7}),
    (RegisterBody, LOGIN | {"password": "x" * 1025}),
    (RegisterBody, LOGIN | {"password": None}),
    (RegisterBody, LOGIN | {"username": ""}),
    (RegisterBody, LOGIN | {"avatar": '"'}),
    (RegisterBody, LOGIN | {"avatar": "a" * 2049}),
    (RegisterBody, LOGIN | {"scope": "notify:admin"}),
    (LoginBody, LOGIN | {"password": "x" * 1025}),
    (LoginBody, LOGIN | {"username": "Ann"}),
    (RefreshBody, {}),
    (RefreshBody, {"refresh_token": "x" * 1025}),
    (PasswordBody, {"old": "", "new": "x" * 7}),
    (PasswordBody, {"new": "x" * 8}),
    (ProfileBody, {}),
    (ProfileBody, {"username": None}),
    (ProfileBody, {"username": ""}),
    (ProfileBody, {"name": "ann", "username": "Ann"}),
]


def test_what_fits_the_schema_is_taken() -> None:
    assert [case for case in TAKEN if not fits(*case)] == []
    assert [case for case in TAKEN if not is_taken(*case)] == []


def test_what_is_refused_does_not_fit_the_schema() -> None:
    assert [case for case in REFUSED if is_taken(*case)] == []
    assert [case for case in REFUSED if fits(*case)] == []


@pytest.mark.parametrize("model", [RegisterBody, LoginBody, RefreshBody, PasswordBody, ProfileBody])
def test_every_field_says_what_it_is(model: type[BaseModel]) -> None:
    assert undescribed(model) == []


BAD: dict[str, tuple[bytes, list[str]]] = {
    "no name": (b'{"password": "correct horse"}', ["name"]),
    "no password": (b'{"name": "ann"}', ["password"]),
    "name too short": (b'{"name": "an", "password": "correct horse"}', ["name"]),
    "name too long": (to_json({"name": "a" * 65, "password": GOOD}).encode(), ["name"]),
    "name that grows": (to_json({"name": "\ufdfa" * 9, "password": GOOD}).encode(), ["name"]),
    "name with space": (b'{"name": "ann b", "password": "correct horse"}', ["name"]),
    "name with line end": (b'{"name": "ann\\n", "password": "correct horse"}', ["name"]),
    "name with NUL": (b'{"name": "ann\\u0000", "password": "correct horse"}', ["name"]),
    "name with half a pair": (b'{"name": "ann\\ud800", "password": "correct horse"}', ["body"]),
    "name of other letters": (to_json({"name": "\u0430nna", "password": GOOD}).encode(), ["name"]),
    "name that begins with a dot": (b'{"name": ".ann", "password": "correct horse"}', ["name"]),
    "name that is a number": (b'{"name": 12345, "password": "correct horse"}', ["name"]),
    "name that is a list": (b'{"name": ["ann"], "password": "correct horse"}', ["name"]),
    "password too short": (b'{"name": "ann", "password": "1234567"}', ["password"]),
    "password too long": (to_json({"name": "ann", "password": "x" * 1025}).encode(), ["password"]),
    "password is null": (b'{"name": "ann", "password": null}', ["password"]),
    "password is a number": (b'{"name": "ann", "password": 12345678}', ["password"]),
    "password with half a pair": (b'{"name": "ann", "password": "12345678\\udc00"}', ["body"]),
    "password is the name": (b'{"name": "annabell", "password": "AnnaBell"}', ["password"]),
    "username with NUL": (b'{"name": "ann", "password": "12345678", "username": "\\u0000"}', ["username"]),
    "username empty": (b'{"name": "ann", "password": "12345678", "username": ""}', ["username"]),
    "avatar with quotes": (b'{"name": "ann", "password": "12345678", "avatar": "\\""}', ["avatar"]),
    "avatar too long": (
        to_json({"name": "ann", "password": GOOD, "avatar": "a" * 2049}).encode(),
        ["avatar"],
    ),
    "a scope": (b'{"name": "ann", "password": "12345678", "scope": "notify:admin"}', ["scope"]),
    "a user id": (b'{"name": "ann", "password": "12345678", "user_id": "alice"}', ["user_id"]),
    "no object": (b'["ann"]', ["body"]),
    "no JSON": (b"name=ann", ["body"]),
    "nothing": (b"", ["body"]),
    "not UTF-8": (b'{"name": "ann", "password": "\xff\xfe345678"}', ["body"]),
}


async def test_an_invalid_account_is_refused_by_field_without_repeating_it(site: Site) -> None:
    for case, (body, fields) in BAD.items():
        problem = refused(await post(site, "register", body), 422, "invalid", *fields)
        for secret in ("1234567", "correct horse", "AnnaBell"):
            assert secret not in json.dumps(problem), case
    refused(await post(site, "login", {"name": "ann", "password": GOOD}), 401, "wrong_credentials")


async def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    body = to_json({"name": "ann", "password": "x" * 70_000}).encode()
    refused(await post(site, "register", body), 413, "too_large")


@pytest.mark.parametrize(
    ("change", "field"),
    [({}, "body"), ({"username": None}, "body"), ({"username": ""}, "username"), ({"name": "x"}, "name")],
)
async def test_an_invalid_change_of_the_profile_is_refused_by_field(
    site: Site, change: Any, field: str
) -> None:
    session = await register(site)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    refused(await site.http.patch(f"{AUTH}/me", json=change, headers=headers), 422, "invalid", field)
