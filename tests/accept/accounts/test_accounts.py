"""Accounts by HTTP: from registering to logging out everywhere, and what is told to whom who tries."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from clients import SECRET, EventStream, token
from lumen_notify import Lumen, Settings
from lumen_notify.accept.accounts.accounts import AccountEndpoints
from lumen_notify.auth import PasswordHasher
from lumen_notify.auth import login_limiter as attempts
from lumen_notify.auth.login_limiter import Limit
from lumen_notify.errors import Misconfigured
from lumen_notify.model import to_json
from lumen_notify.settings import Secret
from sites import OpenSite, Site, open_site, refused

AUTH = "/api/v1/auth"
GOOD = "correct horse battery"


def cheap() -> PasswordHasher:
    return PasswordHasher(time_cost=1, memory_kib=8, lanes=1)


@pytest.fixture(autouse=True)
def _hashes_are_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lumen_notify.services.PasswordHasher", cheap)


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    async with open_site(sqlite_url, accounts="on") as site:
        yield site


@pytest.fixture
async def stored(database_url: str) -> AsyncIterator[Site]:
    async with open_site(database_url, accounts="on") as site:
        yield site


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
    return await begun(site, "register", {"name": name, "password": password, **more})


async def log_in(site: Site, name: str = "ann", password: str = GOOD) -> dict[str, Any]:
    return await begun(site, "login", {"name": name, "password": password})


async def me(site: Site, access_token: str) -> httpx.Response:
    return await site.http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {access_token}"})


def claims(session: dict[str, Any]) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(session["access_token"], SECRET, algorithms=["HS256"])
    return decoded


async def refresh(site: Site, session: dict[str, Any]) -> httpx.Response:
    return await post(site, "refresh", {"refresh_token": session["refresh_token"]})


# -------------------------------------------------------------------------------------------- the good story
async def test_who_registers_is_a_user_like_any_other(stored: Site) -> None:
    session = await register(stored, "Ann", username="Ännchen 🦊", avatar="https://p.example/a.png")
    assert session.keys() == {"user_id", "access_token", "token_type", "expires_in", "refresh_token"}
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    told = claims(session)
    assert told.keys() == {"sub", "name", "avatar", "iat", "exp"}, "no scope"
    assert (told["sub"], told["name"]) == (session["user_id"], "Ännchen 🦊")
    assert told["exp"] - told["iat"] == pytest.approx(900, abs=1)

    stream = await EventStream.open(stored.base_url, session["access_token"])
    await stream.wait_for_event("ready")
    await stored.publish(session["user_id"], "welcome")
    assert (await stream.wait_for_event("message")).data["data"]["content"] == "welcome"
    await stream.close()

    to_another = {"to": {"user": "bob"}, "category": "like", "content": "x"}
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    answer = await stored.http.post("/api/v1/notifications", json=to_another, headers=headers)
    refused(answer, 403, "forbidden")


async def test_logging_in_opens_sessions_of_their_own(stored: Site) -> None:
    first = await register(stored)
    second, third = await log_in(stored), await log_in(stored, "ANN")
    assert first["user_id"] == second["user_id"] == third["user_id"]
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    answer = await post(stored, "logout", {"refresh_token": second["refresh_token"]})
    assert answer.json() == {"ended": 1}
    assert (await refresh(stored, third)).status_code == 200
    refused(await refresh(stored, second), 401, "session_ended")


async def test_a_refresh_gives_fresh_tokens_and_a_second_one_by_the_same_ends_the_session(
    stored: Site,
) -> None:
    session = await register(stored)
    stored.ahead_ms = 901_000 + 10_000  # the leeway
    refused(await me(stored, session["access_token"]), 401, "token_expired")
    answer = await refresh(stored, session)
    fresh = answer.json()
    assert (await me(stored, fresh["access_token"])).status_code == 200
    refused(await refresh(stored, session), 401, "session_ended")
    refused(await refresh(stored, fresh), 401, "session_ended")


async def test_a_refresh_token_ends_with_its_time(stored: Site) -> None:
    session = await register(stored)
    stored.ahead_ms = 30 * 86_400_000
    refused(await refresh(stored, session), 401, "session_ended")


async def test_ones_account_is_shown_and_changed_and_tokens_follow_at_the_next_refresh(stored: Site) -> None:
    session = await register(stored, "ann.b-1_x")
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    shown = (await me(stored, session["access_token"])).json()
    assert shown.keys() == {"user_id", "name", "username", "avatar", "created_at"}
    assert (shown["name"], shown["username"], shown["avatar"]) == ("ann.b-1_x", "ann.b-1_x", None)
    for change in ({"username": "Ann"}, {"avatar": "/a.png"}, {"avatar": None, "username": "<b>"}):
        answer = await stored.http.patch(f"{AUTH}/me", json=change, headers=bearer)
        shown |= change
        assert answer.json() == shown
        assert (await me(stored, session["access_token"])).json() == shown
    assert claims((await refresh(stored, session)).json())["name"] == "<b>"


async def test_a_user_is_found_by_name_by_whoever_is_logged_in(stored: Site) -> None:
    ann = await register(stored, "ann.b", avatar="/a.png", username="Ann")
    bob = await register(stored, "bob")
    headers = {"Authorization": f"Bearer {bob['access_token']}"}
    for name in ("ann.b", "ANN.B", "\uff41nn.b"):
        answer = await stored.http.get(f"{AUTH}/users/{name}", headers=headers)
        assert answer.json() == {"user_id": ann["user_id"], "username": "Ann", "avatar": "/a.png"}
    for name in ("ann", "ann.b%00", "%ed%a0%80nn", "x" * 4000, "ann.b'--", "%2e%2e"):
        refused(await stored.http.get(f"{AUTH}/users/{name}", headers=headers), 404, "not_found")
    refused(await stored.http.get(f"{AUTH}/users/ann.b"), 401, "token_missing")


async def test_another_password_ends_every_session_but_the_one_it_answers(stored: Site) -> None:
    first, other = await register(stored), await log_in(stored)
    change = {"old": GOOD, "new": "staple of another kind"}
    session = await begun(stored, "password", change, bearer=first["access_token"])
    for ended in (first, other):
        refused(await refresh(stored, ended), 401, "session_ended")
    assert (await refresh(stored, session)).status_code == 200
    refused(await post(stored, "login", {"name": "ann", "password": GOOD}), 401, "wrong_credentials")
    await log_in(stored, password="staple of another kind")
    again = await post(stored, "password", change, bearer=first["access_token"])
    refused(again, 401, "wrong_credentials")


async def test_logging_out_everywhere_and_another_password_end_all_of_ones_streams(
    stored: Site,
) -> None:
    session, other = await register(stored), await register(stored, "bob")
    bobs = await EventStream.open(stored.base_url, other["access_token"])
    await bobs.wait_for_event("ready")
    changes = (
        ("logout-everywhere", b""),
        ("password", {"old": GOOD, "new": "staple of another kind"}),
    )
    for path, body in changes:
        streams = [await EventStream.open(stored.base_url, session["access_token"]) for _ in range(2)]
        for stream in streams:
            await stream.wait_for_event("ready")
        await stored.publish(session["user_id"], "before")
        assert (await post(stored, path, body, bearer=session["access_token"])).status_code == 200
        for stream in streams:
            await stream.wait_for_end()
            assert [frame.event for frame in stream.frames if frame.data] == ["ready", "message", "closing"]
            assert stream.frames[-1].data == {"reason": "revoked", "reconnect": False}
            await stream.close()
        cursor = streams[0].frames[-2].id
        again = await EventStream.open(stored.base_url, session["access_token"], cursor=cursor)
        await stored.publish(session["user_id"], "after")
        await again.wait_for_event("message")
        assert [frame.event for frame in again.frames if frame.data] == ["ready", "message"]
        await again.close()
    await stored.publish(other["user_id"], "hello")
    await bobs.wait_for_event("message")
    await bobs.close()


async def test_another_password_may_not_be_the_name_either(site: Site) -> None:
    session = await register(site, "annabell")
    change = {"old": GOOD, "new": "AnnaBell"}
    answer = await post(site, "password", change, bearer=session["access_token"])
    refused(answer, 422, "invalid", "new")


async def test_logging_out_everywhere_ends_all_of_ones_sessions(stored: Site) -> None:
    sessions = [await register(stored), await log_in(stored)]
    other = await register(stored, "bob")
    answer = await post(stored, "logout-everywhere", b"", bearer=sessions[0]["access_token"])
    assert answer.json() == {"ended": 2}
    for session in sessions:
        refused(await refresh(stored, session), 401, "session_ended")
    assert (await refresh(stored, other)).status_code == 200


# ----------------------------------------------------------------------------------------------- who attacks
async def test_whether_there_is_such_a_name_shows_neither_in_the_answer_nor_in_the_work(stored: Site) -> None:
    await register(stored)
    hasher = endpoints(stored).passwords
    answers = []
    for name, password in (("ann", "the wrong password"), ("nobody", GOOD), ("nobody", "")):
        before = hasher.verified
        answer = await post(stored, "login", {"name": name, "password": password})
        assert hasher.verified == before + 1
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        answers.append((answer.status_code, headers, answer.content))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


async def test_one_name_is_registered_once_however_many_try_at_once(stored: Site) -> None:
    names = ["ann", "Ann", "ANN", "\uff41nn"] * 4
    answers = await asyncio.gather(
        *(post(stored, "register", {"name": name, "password": GOOD}) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "name_taken")


async def test_attempts_are_limited_and_the_right_password_waits_too(site: Site) -> None:
    await register(site)
    wrong = {"name": "ann", "password": "the wrong password"}
    for _ in range(10):
        refused(await post(site, "login", wrong), 401, "wrong_credentials")
    hasher = endpoints(site).passwords
    before = hasher.verified
    for password in (GOOD, "the wrong password"):
        answer = await post(site, "login", {"name": "ann", "password": password})
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert hasher.verified == before
    site.ahead_ms = 60_000
    for _ in range(30):
        await log_in(site)


async def test_registrations_are_limited_by_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REGISTRATIONS", Limit("registrations from this address", 3, 3600))
    for name in ("ann", "bob", "eve"):
        await register(site, name)
    answer = await post(site, "register", {"name": "zoe", "password": GOOD})
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 3500
    await log_in(site)


async def test_the_old_password_cannot_be_guessed_by_who_has_an_access_token(site: Site) -> None:
    session = await register(site)
    guess = {"old": "the wrong password", "new": "staple of another kind"}
    for _ in range(10):
        answer = await post(site, "password", guess, bearer=session["access_token"])
        refused(answer, 401, "wrong_credentials")
    answer = await post(site, "password", guess, bearer=session["access_token"])
    refused(answer, 429, "rate_limited")


async def test_limits_are_off_where_the_setting_says_so(sqlite_url: str) -> None:
    async with open_site(sqlite_url, accounts="on", rate_limits="off") as site:
        for _ in range(15):
            answer = await post(site, "login", {"name": "ann", "password": GOOD})
            refused(answer, 401, "wrong_credentials")


async def test_too_many_at_once_are_told_to_come_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints(site).passwords, "_max_callers", 0)
    answer = await post(site, "register", {"name": "ann", "password": GOOD})
    refused(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "1"


async def test_a_form_of_another_page_is_refused(site: Site) -> None:
    body = {"name": "ann", "password": GOOD}
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "text/json"):
        for path in ("register", "login", "refresh", "logout"):
            answer = await post(site, path, body, **{"Content-Type": kind})
            refused(answer, 422, "invalid", "Content-Type")
    answer = await post(site, "register", body, **{"Content-Type": "Application/JSON; charset=utf-8"})
    assert answer.status_code == 201


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


async def test_what_cannot_be_an_account_is_refused_by_field_and_not_repeated(site: Site) -> None:
    for case, (body, fields) in BAD.items():
        problem = refused(await post(site, "register", body), 422, "invalid", *fields)
        for secret in ("1234567", "correct horse", "AnnaBell"):
            assert secret not in json.dumps(problem), case
    refused(await post(site, "login", {"name": "ann", "password": GOOD}), 401, "wrong_credentials")


async def test_a_body_too_long_is_refused_before_any_work(site: Site) -> None:
    body = to_json({"name": "ann", "password": "x" * 70_000}).encode()
    refused(await post(site, "register", body), 413, "too_large")


async def test_passwords_of_any_characters_serve(stored: Site) -> None:
    passwords = [
        "\0" * 8,
        " " * 8,
        "密码" * 4,
        "🦊" * 1024,
        "' OR 1=1 --",
        "<script>alert(1)</script>",
        "\u202e1234567",
    ]
    for number, password in enumerate(passwords):
        await register(stored, f"name{number}", password)
        await log_in(stored, f"name{number}", password)
        answer = await post(stored, "login", {"name": f"name{number}", "password": password + " "})
        refused(answer, 422 if len(password) == 1024 else 401, *_codes(len(password) == 1024))


def _codes(is_too_long: bool) -> tuple[str, ...]:
    return ("invalid", "password") if is_too_long else ("wrong_credentials",)


@pytest.mark.parametrize(
    "text", ["", "x", "lnr_", "lnr_" + "A" * 64, "lnr_" + "é" * 64, "\0", "lnr_" + "A" * 65, "A" * 1025]
)
async def test_what_is_no_refresh_token_is_answered_as_one_that_is_over(site: Site, text: str) -> None:
    answer = await post(site, "refresh", {"refresh_token": text})
    if len(text) > 1024:
        refused(answer, 422, "invalid", "refresh_token")
        return
    refused(answer, 401, "session_ended")
    assert (await post(site, "logout", {"refresh_token": text})).json() == {"ended": 0}


async def test_an_access_token_is_no_refresh_token_nor_the_other_way_round(site: Site) -> None:
    session = await register(site)
    answer = await post(site, "refresh", {"refresh_token": session["access_token"]})
    refused(answer, 401, "session_ended")
    refused(await me(site, session["refresh_token"]), 401, "token_invalid")


async def test_a_user_of_another_issuer_has_no_account_here(site: Site) -> None:
    refused(await me(site, token("alice")), 404, "not_found")
    change = {"old": GOOD, "new": "staple of another kind"}
    refused(await post(site, "password", change, bearer=token("alice")), 404, "not_found")
    headers = {"Authorization": f"Bearer {token('alice')}"}
    answer = await site.http.patch(f"{AUTH}/me", json={"username": "A"}, headers=headers)
    refused(answer, 404, "not_found")
    answer = await post(site, "logout-everywhere", b"", bearer=token("alice"))
    assert answer.json() == {"ended": 0}


async def test_who_shows_no_token_reaches_nobodys_account(site: Site) -> None:
    refused(await site.http.get(f"{AUTH}/me"), 401, "token_missing")
    refused(await site.http.patch(f"{AUTH}/me", json={"username": "A"}), 401, "token_missing")
    refused(await post(site, "password", {"old": GOOD, "new": GOOD}), 401, "token_missing")
    refused(await post(site, "logout-everywhere", b""), 401, "token_missing")


@pytest.mark.parametrize(
    ("change", "field"),
    [({}, "body"), ({"username": None}, "body"), ({"username": ""}, "username"), ({"name": "x"}, "name")],
)
async def test_a_profile_changes_by_what_may_change(site: Site, change: Any, field: str) -> None:
    session = await register(site)
    headers = {"Authorization": f"Bearer {session['access_token']}"}
    refused(await site.http.patch(f"{AUTH}/me", json=change, headers=headers), 422, "invalid", field)


async def test_a_hash_of_other_costs_is_made_anew_at_the_next_log_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(database_url, accounts="on") as site:
        session = await register(site)
    monkeypatch.setattr(
        "lumen_notify.services.PasswordHasher", lambda: PasswordHasher(time_cost=2, memory_kib=8, lanes=1)
    )
    async with open_site(database_url, accounts="on") as site:
        refused(
            await post(site, "login", {"name": "ann", "password": "the wrong password"}),
            401,
            "wrong_credentials",
        )
        for costs in ("t=1", "t=2"):
            _, known = await endpoints(site).accounts.by_id(session["user_id"])
            assert costs in known.hashed
            await log_in(site)
        assert (await refresh(site, session)).status_code == 200


async def test_nothing_secret_is_logged_stored_or_shown_in_a_repr(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_site(sqlite_url, accounts="on") as site:
        session = await register(site)
        fresh = (await refresh(site, session)).json()
        await refresh(site, session)
        await post(site, "login", {"name": "ann", "password": GOOD + "!"})
        await post(site, "register", {"name": "ann", "password": GOOD})
    ours = "\n".join(
        f"{record.getMessage()} {record.args!r}"
        for record in caplog.records
        if record.name.startswith("lumen_notify") or record.levelno >= logging.WARNING
    )
    assert "used twice" in ours
    stored = await asyncio.to_thread(Path(sqlite_url.removeprefix("sqlite:///")).read_bytes)
    for secret in (GOOD, session["refresh_token"], fresh["refresh_token"], fresh["access_token"]):
        assert secret not in ours
        assert secret.encode() not in stored


# -------------------------------------------------------------------------------------------------- settings
async def test_switched_off_there_is_nothing(open_with: OpenSite) -> None:
    async with open_with() as site:
        for path in ("register", "login", "refresh", "logout", "logout-everywhere", "password"):
            refused(await post(site, path, {"name": "ann", "password": GOOD}), 404, "not_found")
        refused(await site.http.get(f"{AUTH}/me"), 404, "not_found")
        document = (await site.http.get("/openapi.json")).json()
        assert not [path for path in document["paths"] if path.startswith(AUTH)]


async def test_tokens_are_as_short_and_as_named_as_the_settings_say(sqlite_url: str) -> None:
    settings = {"access_token_seconds": 60, "refresh_token_seconds": 300, "jwt_audience": "app"}
    async with open_site(sqlite_url, accounts="on", jwt_issuer="us", **settings) as site:
        session = await register(site)
        assert session["expires_in"] == 60
        assert (await me(site, session["access_token"])).status_code == 200
        site.ahead_ms = 299_000
        session = (await refresh(site, session)).json()
        site.ahead_ms += 300_000
        refused(await refresh(site, session), 401, "session_ended")


async def test_the_secret_of_the_first_start_serves(sqlite_url: str) -> None:
    async with (
        Lumen(Settings(database_url=sqlite_url, accounts="on")) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        answer = await http.post(f"{AUTH}/register", json={"name": "ann", "password": GOOD})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await http.get(f"{AUTH}/me", headers=headers)).status_code == 200


@pytest.mark.parametrize("name", ["LUMEN_JWT_PUBLIC_KEY_FILE", "LUMEN_JWT_JWKS_URL"])
def test_with_a_key_that_only_verifies_they_cannot_be_on(name: str) -> None:
    environ = {name: "https://issuer.example/keys", "LUMEN_ACCOUNTS": "on"}
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    ((variable, problem),) = caught.value.problems
    assert variable == "LUMEN_ACCOUNTS"
    assert name in problem
    assert Settings.from_env(environ | {"LUMEN_ACCOUNTS": "off"}).accounts == "off"
    assert Settings(jwt_secret=Secret(SECRET), accounts="on").accounts == "on"
