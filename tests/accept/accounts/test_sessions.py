"""Sessions by HTTP: opened, refreshed once by each token, ended; and nothing shows which names exist."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from clients import NOTIFICATIONS, EventStream
from lumen_notify.auth import PasswordHasher
from lumen_notify.errors import DatabaseUnavailable
from sites import Site, open_site, refused

from ..devices.device_requests import DEVICES, webpush
from .account_requests import GOOD, endpoints, log_in, me, post, refresh, register


async def test_each_log_in_opens_a_session_of_its_own(stored: Site) -> None:
    first = await register(stored)
    second, third = await log_in(stored), await log_in(stored, "ANN")
    assert first["user_id"] == second["user_id"] == third["user_id"]
    assert len({one["refresh_token"] for one in (first, second, third)}) == 3
    answer = await post(stored, "logout", {"refresh_token": second["refresh_token"]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await refresh(stored, third)).status_code == 200
    refused(await refresh(stored, second), 401, "session_ended")


async def test_a_refresh_token_is_valid_once_and_a_second_use_ends_its_session(
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


async def test_a_refresh_token_expires(stored: Site) -> None:
    session = await register(stored)
    stored.ahead_ms = 30 * 86_400_000
    refused(await refresh(stored, session), 401, "session_ended")


async def test_lifetimes_audience_and_issuer_of_tokens_are_settings(sqlite_url: str) -> None:
    settings = {"access_token_seconds": 60, "refresh_token_seconds": 300, "jwt_audience": "app"}
    async with open_site(sqlite_url, accounts="on", jwt_issuer="us", **settings) as site:
        session = await register(site)
        assert session["expires_in"] == 60
        assert (await me(site, session["access_token"])).status_code == 200
        site.ahead_ms = 299_000
        session = (await refresh(site, session)).json()
        site.ahead_ms += 300_000
        refused(await refresh(site, session), 401, "session_ended")


@pytest.mark.parametrize(
    "text", ["", "x", "lnr_", "lnr_" + "A" * 64, "lnr_" + "é" * 64, "\0", "lnr_" + "A" * 65, "A" * 1025]
)
async def test_a_malformed_refresh_token_is_refused_like_one_that_has_ended(site: Site, text: str) -> None:
    answer = await post(site, "refresh", {"refresh_token": text})
    if len(text) > 1024:
        refused(answer, 422, "invalid", "refresh_token")
        return
    refused(answer, 401, "session_ended")
    assert (await post(site, "logout", {"refresh_token": text})).status_code == 204


async def test_access_and_refresh_tokens_do_not_replace_each_other(site: Site) -> None:
    session = await register(site)
    answer = await post(site, "refresh", {"refresh_token": session["access_token"]})
    refused(answer, 401, "session_ended")
    refused(await me(site, session["refresh_token"]), 401, "token_invalid")


async def test_logging_out_everywhere_ends_all_sessions_of_the_user(stored: Site) -> None:
    sessions = [await register(stored), await log_in(stored)]
    other = await register(stored, "bob")
    answer = await post(stored, "logout-everywhere", b"", bearer=sessions[0]["access_token"])
    assert (answer.status_code, answer.content) == (204, b"")
    for session in sessions:
        refused(await refresh(stored, session), 401, "session_ended")
    assert (await refresh(stored, other)).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("logout-everywhere", b""),
        ("password", {"current_password": GOOD, "new_password": "staple of another kind"}),
    ],
    ids=["logout", "password"],
)
async def test_what_was_issued_before_no_longer_counts(database_url: str, path: str, body: Any) -> None:
    async with open_site(database_url, accounts="on") as site:
        old = (await register(site))["access_token"]
        bearer = {"Authorization": f"Bearer {old}"}
        made = await site.http.post(f"{NOTIFICATIONS}/stream/tickets", headers=bearer)
        renewed = await site.http.post(f"{NOTIFICATIONS}/stream/renew", headers=bearer)
        cookie = renewed.headers["set-cookie"].partition(";")[0]
        changed = await post(site, path, body, bearer=old)
        assert changed.is_success
        password = GOOD if path == "logout-everywhere" else body["new_password"]
        fresh = [(await log_in(site, password=password))["access_token"]]
        fresh += [changed.json()["access_token"]] if path == "password" else []
        await _only_the_fresh_count(site, fresh, old, made.json()["ticket"], cookie)
    async with open_site(database_url, accounts="on") as again:  # as after a restart
        await _only_the_fresh_count(again, fresh, old, made.json()["ticket"], cookie)


async def _only_the_fresh_count(site: Site, fresh: list[str], old: str, ticket: str, cookie: str) -> None:
    for token in fresh:
        assert (await me(site, token)).status_code == 200
    refused(await me(site, old), 401, "token_revoked")
    stream = f"{NOTIFICATIONS}/stream"
    refused(await site.http.get(f"{stream}?token={old}"), 401, "token_revoked")
    refused(await site.http.get(f"{stream}?ticket={ticket}"), 401, "token_revoked")
    refused(await site.http.get(stream, headers={"Cookie": cookie}), 401, "token_revoked")


async def test_logging_out_everywhere_and_a_new_password_end_all_streams_of_the_user(
    stored: Site,
) -> None:
    session, other = await register(stored), await register(stored, "bob")
    bobs = await EventStream.open(stored.base_url, other["access_token"])
    await bobs.wait_for_event("ready")
    changes: tuple[tuple[str, Any], ...] = (
        ("logout-everywhere", b""),
        ("password", {"current_password": GOOD, "new_password": "staple of another kind"}),
    )
    for path, body in changes:
        streams = [await EventStream.open(stored.base_url, session["access_token"]) for _ in range(2)]
        for stream in streams:
            await stream.wait_for_event("ready")
        await stored.publish(session["user_id"], "before")
        assert (await post(stored, path, body, bearer=session["access_token"])).is_success
        session = await log_in(stored, password=GOOD if path == "logout-everywhere" else body["new_password"])
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


async def test_a_refused_log_in_does_not_show_whether_the_name_exists(stored: Site) -> None:
    await register(stored)
    hasher = endpoints(stored).passwords
    answers = []
    for name, password in (("ann", "the wrong password"), ("nobody", GOOD), ("nobody", "")):
        before = hasher.verified
        answer = await post(stored, "login", {"username": name, "password": password})
        assert hasher.verified == before + 1
        request_id = answer.headers["x-request-id"]
        headers = {name: value for name, value in answer.headers.items() if name != "date"}
        headers["x-request-id"] = ""
        answers.append((answer.status_code, headers, answer.text.replace(request_id, "")))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


async def test_log_ins_are_limited_even_with_the_right_password(site: Site) -> None:
    await register(site)
    wrong = {"username": "ann", "password": "the wrong password"}
    for _ in range(10):
        refused(await post(site, "login", wrong), 401, "wrong_credentials")
    hasher = endpoints(site).passwords
    before = hasher.verified
    for password in (GOOD, "the wrong password"):
        answer = await post(site, "login", {"username": "ann", "password": password})
        refused(answer, 429, "rate_limited")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert hasher.verified == before
    site.ahead_ms = 60_000
    for _ in range(30):
        await log_in(site)


async def test_attempts_that_cannot_be_counted_check_no_password(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await register(site)
    assert site.lumen._services is not None
    passwords, log = endpoints(site).passwords, site.lumen._services.log
    before = passwords.verified

    def down(**_: Any) -> Any:
        raise DatabaseUnavailable("The database does not answer.")

    monkeypatch.setattr(log, "transaction", down)
    credentials = {"username": "zoe", "password": GOOD}
    change = {"current_password": GOOD, "new_password": "staple of another kind"}
    for path, body in (("login", credentials), ("register", credentials), ("password", change)):
        answer = await post(site, path, body, bearer=session["access_token"])
        refused(answer, 503, "database_unavailable")
    assert passwords.verified == before


async def test_log_ins_are_not_limited_if_the_setting_is_off(sqlite_url: str) -> None:
    async with open_site(sqlite_url, accounts="on", rate_limits="off") as site:
        for _ in range(15):
            answer = await post(site, "login", {"username": "ann", "password": GOOD})
            refused(answer, 401, "wrong_credentials")


async def test_pages_of_foreign_origins_cannot_register_or_log_in(site: Site) -> None:
    body = {"username": "ann", "password": GOOD}
    own = site.base_url
    for origin in ("https://evil.example", "null", own.replace("http:", "https:") + "1"):
        for path in ("register", "login", "refresh", "logout"):
            refused(await post(site, path, body, Origin=origin), 403, "origin_not_allowed")
    assert (await post(site, "register", body, Origin=own)).status_code == 201


async def test_a_body_is_json_whatever_its_content_type(site: Site) -> None:
    body = {"username": "ann", "password": GOOD}
    assert (await post(site, "register", body)).status_code == 201
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "Application/JSON; charset=utf-8"):
        assert (await post(site, "login", body, **{"Content-Type": kind})).status_code == 200


async def test_an_outdated_hash_is_replaced_at_the_next_log_in(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_site(database_url, accounts="on") as site:
        session = await register(site)
    monkeypatch.setattr(
        "lumen_notify.services.PasswordHasher", lambda: PasswordHasher(time_cost=2, memory_kib=8, lanes=1)
    )
    async with open_site(database_url, accounts="on") as site:
        refused(
            await post(site, "login", {"username": "ann", "password": "the wrong password"}),
            401,
            "wrong_credentials",
        )
        for costs in ("t=1", "t=2"):
            _, known = await endpoints(site).accounts.by_id(session["user_id"])
            assert costs in known.hashed
            await log_in(site)
        assert (await refresh(site, session)).status_code == 200


async def test_the_end_of_a_session_ends_the_devices_that_it_registered(stored: Site) -> None:
    here, there = await register(stored), await log_in(stored)

    async def add(session: dict[str, Any], name: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        return await stored.http.post(DEVICES, json=webpush(name, name=name), headers=headers)

    async def names() -> list[str]:
        headers = {"Authorization": f"Bearer {there['access_token']}"}
        answer = await stored.http.get(DEVICES, headers=headers)
        return [device["name"] for device in answer.json()["items"]]

    for session, name in ((here, "a"), ((await refresh(stored, here)).json(), "b"), (there, "c")):
        assert (await add(session, name)).status_code == 201
    assert await names() == ["c", "b", "a"]
    refused(await refresh(stored, here), 401, "session_ended")  # for the second time
    assert await names() == ["c"]
    refused(await add(here, "d"), 401, "token_revoked")

    fourth = await log_in(stored)
    await add(fourth, "e")
    await post(stored, "logout", {"refresh_token": fourth["refresh_token"]})
    refused(await add(fourth, "e"), 401, "token_revoked")
    assert await names() == ["c"]

    await post(stored, "logout-everywhere", {}, bearer=there["access_token"])
    there = await log_in(stored)
    assert await names() == []
