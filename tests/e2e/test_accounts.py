"""Accounts on two instances of one database: a session ended on one is ended on the other."""

from __future__ import annotations

import httpx

from clients import EventStream
from sites import open_site, refused

AUTH = "/api/v1/auth"
ANN = {"username": "ann", "password": "correct horse battery"}


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

        bearer = {"Authorization": f"Bearer {sessions[0]['access_token']}"}
        answer = await here.http.post(f"{AUTH}/logout-everywhere", headers=bearer)
        assert answer.status_code == 204

        for stream in streams:
            assert (await stream.wait_for_event("closing")).data == {"reason": "revoked", "reconnect": False}
            await stream.wait_for_end()
            await stream.close()
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
