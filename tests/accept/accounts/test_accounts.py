"""Accounts by HTTP: registered, shown, changed and found, and their passwords replaced."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from clients import SECRET, EventStream, token
from lumen_notify import Lumen, Settings
from lumen_notify.commit.accounts import attempts
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Secret
from sites import OpenSite, Site, open_site, refused

from .account_requests import AUTH, GOOD, begun, claims, endpoints, log_in, me, post, refresh, register


async def test_a_registered_user_has_a_stream_and_cannot_publish_to_others(stored: Site) -> None:
    session = await register(stored, "Ann", display_name="Ännchen 🦊", avatar="https://p.example/a.png")
    assert session.keys() == {"user_id", "access_token", "token_type", "expires_in", "refresh_token"}
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    told = claims(session)
    assert told.keys() == {"sub", "name", "avatar", "iat", "exp", "sid"}, "no scope"
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


async def test_concurrent_registrations_of_one_name_create_one_account(stored: Site) -> None:
    names = ["ann", "Ann", "ANN", "\uff41nn"] * 4
    answers = await asyncio.gather(
        *(post(stored, "register", {"username": name, "password": GOOD}) for name in names)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 15
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "username_taken")


async def test_registrations_are_limited_by_address(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "REGISTRATIONS", replace(attempts.REGISTRATIONS, attempts=3))
    for name in ("ann", "bob", "eve"):
        await register(site, name)
    answer = await post(site, "register", {"username": "zoe", "password": GOOD})
    refused(answer, 429, "rate_limited")
    assert int(answer.headers["retry-after"]) > 3500
    await log_in(site)


async def test_too_many_registrations_at_once_are_refused_as_overloaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints(site).passwords, "_max_callers", 0)
    answer = await post(site, "register", {"username": "ann", "password": GOOD})
    refused(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "1"
    assert site.lumen._services is not None
    counted = await site.lumen._services.database.fetch("finished_attempt_windows", now=2**62, limit=1)
    assert list(counted) == [], "an attempt that checks no password takes no row"


async def test_users_see_and_change_their_account_and_new_tokens_carry_the_change(stored: Site) -> None:
    session = await register(stored, "ann.b-1_x")
    bearer = {"Authorization": f"Bearer {session['access_token']}"}
    shown = (await me(stored, session["access_token"])).json()
    assert shown.keys() == {"user_id", "username", "display_name", "avatar", "created_at"}
    assert (shown["username"], shown["display_name"], shown["avatar"]) == ("ann.b-1_x", "ann.b-1_x", None)
    for change in ({"display_name": "Ann"}, {"avatar": "/a.png"}, {"avatar": None, "display_name": "<b>"}):
        answer = await stored.http.patch(f"{AUTH}/me", json=change, headers=bearer)
        shown |= change
        assert answer.json() == shown
        assert (await me(stored, session["access_token"])).json() == shown
    assert claims((await refresh(stored, session)).json())["name"] == "<b>"


async def test_any_logged_in_user_finds_another_user_by_name(stored: Site) -> None:
    ann = await register(stored, "ann.b", avatar="/a.png", display_name="Ann")
    bob = await register(stored, "bob")
    headers = {"Authorization": f"Bearer {bob['access_token']}"}
    for name in ("ann.b", "ANN.B", "\uff41nn.b"):
        answer = await stored.http.get(f"{AUTH}/users/{name}", headers=headers)
        assert answer.json() == {
            "user_id": ann["user_id"],
            "username": "ann.b",
            "display_name": "Ann",
            "avatar": "/a.png",
        }
    for name in ("ann", "ann.b%00", "%ed%a0%80nn", "x" * 4000, "ann.b'--", "%2e%2e"):
        refused(await stored.http.get(f"{AUTH}/users/{name}", headers=headers), 404, "not_found")
    refused(await stored.http.get(f"{AUTH}/users/ann.b"), 401, "token_missing")


async def test_a_changed_password_ends_all_earlier_sessions(stored: Site) -> None:
    first, other = await register(stored), await log_in(stored)
    change = {"current_password": GOOD, "new_password": "staple of another kind"}
    session = await begun(stored, "password", change, bearer=first["access_token"])
    for ended in (first, other):
        refused(await refresh(stored, ended), 401, "session_ended")
    assert (await refresh(stored, session)).status_code == 200
    refused(await post(stored, "login", {"username": "ann", "password": GOOD}), 401, "wrong_credentials")
    refused(await post(stored, "password", change, bearer=first["access_token"]), 401, "token_revoked")
    fresh = await log_in(stored, password="staple of another kind")
    refused(await post(stored, "password", change, bearer=fresh["access_token"]), 401, "wrong_credentials")


async def test_a_new_password_may_not_be_the_name(site: Site) -> None:
    session = await register(site, "annabell")
    change = {"current_password": GOOD, "new_password": "AnnaBell"}
    answer = await post(site, "password", change, bearer=session["access_token"])
    refused(answer, 422, "invalid", "new_password")


async def test_guesses_of_the_old_password_are_limited(site: Site) -> None:
    session = await register(site)
    guess = {"current_password": "the wrong password", "new_password": "staple of another kind"}
    for _ in range(10):
        answer = await post(site, "password", guess, bearer=session["access_token"])
        refused(answer, 401, "wrong_credentials")
    answer = await post(site, "password", guess, bearer=session["access_token"])
    refused(answer, 429, "rate_limited")


async def test_a_password_may_have_any_characters(stored: Site) -> None:
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
        answer = await post(stored, "login", {"username": f"name{number}", "password": password + " "})
        refused(answer, 422 if len(password) == 1024 else 401, *_codes(len(password) == 1024))


def _codes(is_too_long: bool) -> tuple[str, ...]:
    return ("invalid", "password") if is_too_long else ("wrong_credentials",)


async def test_a_user_of_another_issuer_has_no_account_here(site: Site) -> None:
    refused(await me(site, token("alice")), 404, "not_found")
    change = {"current_password": GOOD, "new_password": "staple of another kind"}
    refused(await post(site, "password", change, bearer=token("alice")), 404, "not_found")
    headers = {"Authorization": f"Bearer {token('alice')}"}
    answer = await site.http.patch(f"{AUTH}/me", json={"display_name": "A"}, headers=headers)
    refused(answer, 404, "not_found")
    answer = await post(site, "logout-everywhere", b"", bearer=token("alice"))
    assert (answer.status_code, answer.content) == (204, b"")


async def test_accounts_need_a_token(site: Site) -> None:
    refused(await site.http.get(f"{AUTH}/me"), 401, "token_missing")
    refused(await site.http.patch(f"{AUTH}/me", json={"display_name": "A"}), 401, "token_missing")
    refused(
        await post(site, "password", {"current_password": GOOD, "new_password": GOOD}), 401, "token_missing"
    )
    refused(await post(site, "logout-everywhere", b""), 401, "token_missing")


async def test_no_secret_is_logged_or_stored(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with open_site(sqlite_url, accounts="on") as site:
        session = await register(site)
        fresh = (await refresh(site, session)).json()
        await refresh(site, session)
        await post(site, "login", {"username": "ann", "password": GOOD + "!"})
        await post(site, "register", {"username": "ann", "password": GOOD})
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


async def test_accounts_that_are_off_have_no_paths(open_with: OpenSite) -> None:
    async with open_with() as site:
        for path in ("register", "login", "refresh", "logout", "logout-everywhere", "password"):
            refused(await post(site, path, {"username": "ann", "password": GOOD}), 404, "accounts_off")
        refused(await site.http.get(f"{AUTH}/me"), 404, "accounts_off")
        document = (await site.http.get("/openapi.json")).json()
        assert not [path for path in document["paths"] if path.startswith(AUTH)]


async def test_accounts_work_with_the_generated_secret(sqlite_url: str) -> None:
    async with (
        Lumen(Settings(database_url=sqlite_url, accounts="on")) as lumen,
        httpx.AsyncClient(transport=httpx.ASGITransport(lumen.app), base_url="http://t") as http,
    ):
        answer = await http.post(f"{AUTH}/register", json={"username": "ann", "password": GOOD})
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await http.get(f"{AUTH}/me", headers=headers)).status_code == 200


@pytest.mark.parametrize("name", ["LUMEN_JWT_PUBLIC_KEY_FILE", "LUMEN_JWT_JWKS_URL"])
def test_accounts_cannot_be_on_with_a_key_that_only_verifies(name: str) -> None:
    environ = {name: "https://issuer.example/keys", "LUMEN_ACCOUNTS": "on"}
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    ((variable, problem),) = caught.value.problems
    assert variable == "LUMEN_ACCOUNTS"
    assert name in problem
    assert Settings.from_env(environ | {"LUMEN_ACCOUNTS": "off"}).accounts == "off"
    assert Settings(jwt_secret=Secret(SECRET), accounts="on").accounts == "on"
