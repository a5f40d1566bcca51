"""Preview by HTTP: how many users a notification reaches, before it is sent."""

from __future__ import annotations

import pytest

from clients import EventStream, token
from sites import Site, refused

from .admins import ask, audited, done, refuse_others

PREVIEW = "/notifications/preview"


async def test_others_see_none(site: Site) -> None:
    await refuse_others(site, "POST", PREVIEW, {"to": {"all": True}})


@pytest.mark.parametrize(
    ("to", "reaches"),
    [
        ({"user": "bob"}, 1),
        ({"users": ["bob", "eve", "bob"]}, 2),
        ({"room": "here"}, 2),
    ],
)
async def test_recipients_are_counted(room: Site, to: dict[str, object], reaches: int) -> None:
    preview = await done(room, "POST", PREVIEW, {"to": to})
    online = None if "room" in to else 0
    assert preview == {"reaches": reaches, "is_more": False, "online": online}
    assert await audited(room) == [], "nothing was sent"


async def test_all_are_the_users_who_are_known(stored: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await stored.publish("carol")
    stream = await EventStream.open(stored.base_url, token("bob"))
    try:
        await stream.wait_for_event("ready")
        assert (await done(stored, "POST", PREVIEW, {"to": {"users": ["bob", "eve"]}}))["reaches"] == 2
        preview = await done(stored, "POST", PREVIEW, {"to": {"all": True}})
    finally:
        await stream.close()
    assert (preview["reaches"], preview["is_more"]) == (2, False)
    monkeypatch.setattr("lumen_notify.commit.accounts.known_users.MAX_COUNTED", 1)
    monkeypatch.setattr("lumen_notify.accept.admin.preview.MAX_COUNTED", 1)
    preview = await done(stored, "POST", PREVIEW, {"to": {"all": True}})
    assert (preview["reaches"], preview["is_more"]) == (1, True)


async def test_what_could_not_be_sent_is_refused(room: Site) -> None:
    refused(await ask(room, "POST", PREVIEW, {"to": {"room": "nowhere"}}), 404, "not_found")
    refused(await ask(room, "POST", PREVIEW, {"to": {}}), 422, "invalid", "to")
    refused(
        await ask(room, "POST", PREVIEW, {"to": {"all": True}, "content": "x"}), 422, "invalid", "content"
    )
