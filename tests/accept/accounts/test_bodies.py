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

LOGIN = {"username": "ann", "password": "correct horse battery"}

TAKEN: list[tuple[type[BaseModel], Any]] = [
    (RegisterBody, {"username": "Ann.b-1_x", "password": "x" * 8}),
    (RegisterBody, LOGIN | {"password": "x" * 1024, "display_name": "\u00c4nnchen", "avatar": "/a.png"}),
    (RegisterBody, LOGIN | {"username": "a" * 64, "display_name": None, "avatar": None}),
    (LoginBody, LOGIN),
    (LoginBody, LOGIN | {"password": ""}),
    (RefreshBody, {"refresh_token": ""}),
    (PasswordBody, {"current_password": "", "new_password": "x" * 8}),
    (ProfileBody, {"display_name": "Ann"}),
    (ProfileBody, {"avatar": None}),
    (ProfileBody, {"display_name": None, "avatar": "/a.png"}),
]

REFUSED: list[tuple[type[BaseModel], Any]] = [
    (RegisterBody, ["ann"]),
    (RegisterBody, {"username": "ann"}),
    (RegisterBody, LOGIN | {"username": "an"}),
    (RegisterBody, LOGIN | {"username": "a" * 65}),
    (RegisterBody, LOGIN | {"username": ".ann"}),
    (RegisterBody, LOGIN | {"username": "ann\n"}),
    (RegisterBody, LOGIN | {"password": "x" * 7}),
    (RegisterBody, LOGIN | {"password": "x" * 1025}),
    (RegisterBody, LOGIN | {"password": None}),
    (RegisterBody, LOGIN | {"display_name": ""}),
    (RegisterBody, LOGIN | {"avatar": '"'}),
    (RegisterBody, LOGIN | {"avatar": "a" * 2049}),
    (RegisterBody, LOGIN | {"scope": "notify:admin"}),
    (LoginBody, LOGIN | {"password": "x" * 1025}),
    (LoginBody, LOGIN | {"display_name": "Ann"}),
    (RefreshBody, {}),
    (RefreshBody, {"refresh_token": "x" * 1025}),
    (PasswordBody, {"current_password": "", "new_password": "x" * 7}),
    (PasswordBody, {"new_password": "x" * 8}),
    (ProfileBody, {}),
    (ProfileBody, {"display_name": None}),
    (ProfileBody, {"display_name": ""}),
    (ProfileBody, {"username": "ann", "display_name": "Ann"}),
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
    "no name": (b'{"password": "correct horse"}', ["username"]),
    "no password": (b'{"username": "ann"}', ["password"]),
    "name too short": (b'{"username": "an", "password": "correct horse"}', ["username"]),
    "name too long": (to_json({"username": "a" * 65, "password": GOOD}).encode(), ["username"]),
    "name that grows": (to_json({"username": "\ufdfa" * 9, "password": GOOD}).encode(), ["username"]),
    "name with space": (b'{"username": "ann b", "password": "correct horse"}', ["username"]),
    "name with line end": (b'{"username": "ann\\n", "password": "correct horse"}', ["username"]),
    "name with NUL": (b'{"username": "ann\\u0000", "password": "correct horse"}', ["username"]),
    "name with half a pair": (b'{"username": "ann\\ud800", "password": "correct horse"}', ["body"]),
    "name of other letters": (to_json({"username": "\u0430nna", "password": GOOD}).encode(), ["username"]),
    "name that begins with a dot": (b'{"username": ".ann", "password": "correct horse"}', ["username"]),
    "name that is a number": (b'{"username": 12345, "password": "correct horse"}', ["username"]),
    "name that is a list": (b'{"username": ["ann"], "password": "correct horse"}', ["username"]),
    "password too short": (b'{"username": "ann", "password": "1234567"}', ["password"]),
    "password too long": (to_json({"username": "ann", "password": "x" * 1025}).encode(), ["password"]),
    "password is null": (b'{"username": "ann", "password": null}', ["password"]),
    "password is a number": (b'{"username": "ann", "password": 12345678}', ["password"]),
    "password with half a pair": (b'{"username": "ann", "password": "12345678\\udc00"}', ["body"]),
    "password is the username": (b'{"username": "annabell", "password": "AnnaBell"}', ["password"]),
    "display name with NUL": (
        b'{"username": "ann", "password": "12345678", "display_name": "\\u0000"}',
        ["display_name"],
    ),
    "display name empty": (
        b'{"username": "ann", "password": "12345678", "display_name": ""}',
        ["display_name"],
    ),
    "avatar with quotes": (b'{"username": "ann", "password": "12345678", "avatar": "\\""}', ["avatar"]),
    "avatar too long": (
        to_json({"username": "ann", "password": GOOD, "avatar": "a" * 2049}).encode(),
        ["avatar"],
    ),
    "a scope": (b'{"username": "ann", "password": "12345678", "scope": "notify:admin"}', ["scope"]),
    "a user id": (b'{"username": "ann", "password": "12345678", "user_id": "alice"}', ["user_id"]),
    "no object": (b'["ann"]', ["body"]),
    "no JSON": (b"name=ann", ["body"]),
    "nothing": (b"", ["body"]),
    "not UTF-8": (b'{"username": "ann", "password": "\xff\xfe345678"}', ["body"]),
}


async def test_an_invalid_account_is_refused_by_field_without_repeating_it(site: Site) -> None:
    for case, (body, fields) in BAD.items():
        problem = refused(await post(site, "register", body), 422, "invalid", *fields)
        for secret in ("1234567", "correct horse", "AnnaBell"):
            assert secret not in json.dumps(problem), case
    refused(await post(site, "login", {"username": "ann", "password": GOOD}), 401, "wrong_credentials")


async def test_a_body_over_the_limit_is_refused(site: Site) -> None:
    body = to_json({"username": "ann", "password": "x" * 70_000}).encode()
    refused(await post(site, "register", body), 413, "too_large")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({}, "body"),
        ({"display_name": None}, "body"),
        ({"display_name": ""}, "display_name"),
        ({"username": "x"}, "username"),
    ],
)
async def test_an_invalid_change_of_the_profile_is_refused_by_field(
    site: Site, change: Any, field: str
) -> None:
    session = await register(site)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    refused(await site.http.patch(f"{AUTH}/me", json=change, headers=headers), 422, "invalid", field)
