"""Online: who has a stream on any instance."""

from __future__ import annotations

from .reporting import Reporting


async def test_devices_are_those_of_open_streams_of_users_who_are_online(
    first: Reporting, second: Reporting
) -> None:
    await first.open("ann", device="tablet")
    await second.open("ann", "bob", "cid", device="mobile")
    await second.open("ann", "dan")
    await second.open("cid")
    await first.end("ann", kept_ms=10_000)
    assert await first.online.devices(["ann", "bob", "cid", "dan", "eve"]) == {
        "ann": ["mobile"],
        "bob": ["mobile"],
        "cid": ["mobile"],
        "dan": [],
    }
    assert await first.online.count() == 4


async def test_user_who_was_never_online_is_not_known(first: Reporting) -> None:
    await first.open("ann")
    found = await first.online.of_user("ann")
    assert found is not None
    assert (found.is_online, found.last_seen_at) == (True, None)
    assert await first.online.of_user("bob") is None
