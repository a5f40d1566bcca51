"""Accounts on two instances of one database: a session ended on one is ended on the other."""

from __future__ import annotations

import asyncio

import httpx

from clients import POLL_SECONDS, WAIT_SECONDS, EventStream
from sites import Site, open_site, refused

AUTH = "/api/v1/auth"
STREAM = "/api/v1/notifications/stream"
ANN = {"username": "ann", "password": "correct horse battery"}


async def _derive(site: Site, access_token: str) -> list[tuple[str, dict[str, str]]]:
    """Return the ways to open a stream with a token: query and headers each."""
    bearer = {"Authorization": f"Bearer {access_token}"}
    ticket = (await site.http.post(f"{STREAM}/tickets", headers=bearer)).json()["ticket"]
    renewed = await site.http.post(f"{STREAM}/renew", headers=bearer)
    cookie = renewed.headers["set-cookie"].partition(";")[0]
    site.http.cookies.clear()
    return [("", bearer), (f"?ticket={ticket}", {}), ("", {"Cookie": cookie})]


async def _refuses(site: Site, derived: list[tuple[str, dict[str, str]]]) -> None:
    for query, headers in derived:
        refused(await site.http.get(f"{STREAM}{query}", headers=headers), 401, "token_revoked")


async def test_what_one_instance_ends_is_over_at_the_other(database_url: str) -> None:
    async with (
        open_site(database_url, accounts="on") as here,
        open_site(database_url, accounts="on") as there,
    ):
        first = await here.http.post(f"{AUTH}/register", json=ANN)
        second = await there.http.post(f"{AUTH}/login", json=ANN)
        sessions = [first.json(), second.json()]
        streams = [
            await EventStream.open(site.base_url, session["access_token"])
            for site in (here, there)
            for session in sessions
        ]
        for stream in streams:
            await stream.wait_for_event("ready")

        derived = await _derive(there, sessions[1]["access_token"])
        bearer = {"Authorization": f"Bearer {sessions[0]['access_token']}"}
        answer = await here.http.post(f"{AUTH}/logout-everywhere", headers=bearer)
        assert answer.status_code == 204

        for stream in streams:
            assert (await stream.wait_for_event("closing")).data == {"reason": "revoked", "reconnect": False}
            await stream.wait_for_end()
            await stream.close()
        for site in (here, there):
            await _refuses(site, derived)
        for session in sessions:
            token = {"refresh_token": session["refresh_token"]}
            for site in (here, there):
                refused(await site.http.post(f"{AUTH}/refresh", json=token), 401, "session_ended")
        answers: list[httpx.Response] = [
            await site.http.post(f"{AUTH}/login", json=ANN) for site in (there, here)
        ]
        for answer, site in zip(answers, (here, there), strict=True):
            token = {"refresh_token": answer.json()["refresh_token"]}
            assert (await site.http.post(f"{AUTH}/refresh", json=token)).status_code == 200


async def test_instance_that_is_behind_the_log_refuses_revoked_tokens_within_seconds(
    database_url: str,
) -> None:
    async with (
        open_site(database_url, accounts="on") as here,
        open_site(database_url, accounts="on") as there,
    ):
        session = (await here.http.post(f"{AUTH}/register", json=ANN)).json()
        derived = await _derive(there, session["access_token"])
        bearer = derived[0][1]
        assert there.lumen._services is not None
        await there.lumen._services.supervisor.stop("tail")
        assert (await here.http.post(f"{AUTH}/logout-everywhere", headers=bearer)).status_code == 204
        async with asyncio.timeout(WAIT_SECONDS):
            while (await there.http.get(f"{AUTH}/me", headers=bearer)).is_success:  # noqa: ASYNC110 - asks
                await asyncio.sleep(POLL_SECONDS)
        await _refuses(there, derived)


async def test_log_in_counts_at_once_after_a_log_out_on_an_instance_whose_clock_is_ahead(
    database_url: str,
) -> None:
    async with (
        open_site(database_url, accounts="on") as here,
        open_site(database_url, accounts="on") as there,
    ):
        session = (await here.http.post(f"{AUTH}/register", json=ANN)).json()
        assert there.lumen._services is not None
        for task in ("tail", "revocations"):  # it does not know yet
            await there.lumen._services.supervisor.stop(task)
        here.ahead_ms = 3000
        bearer = {"Authorization": f"Bearer {session['access_token']}"}
        assert (await here.http.post(f"{AUTH}/logout-everywhere", headers=bearer)).status_code == 204
        fresh = (await there.http.post(f"{AUTH}/login", json=ANN)).json()["access_token"]
        for site in (here, there):
            answer = await site.http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {fresh}"})
            assert answer.status_code == 200, answer.text
