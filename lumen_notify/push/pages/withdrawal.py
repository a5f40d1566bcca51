"""Withdrawal: what devices show though it was read or removed is taken off, and their badges follow.

A device shows what was pushed to it (`lumen_device.shown`). What of it is still unread is looked up, whatever
the withdrawal came from: so several become one, and one that comes late takes off no more than it should.
"""

from __future__ import annotations

from collections.abc import Sequence

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.push.due import Device
from lumen_notify.commit.push.facts import FactReader
from lumen_notify.model import Counts
from lumen_notify.push.pages.deliveries import delivery_of
from lumen_notify.push.pages.entries import Entry, Sending
from lumen_notify.push.pages.payload import build_withdrawal, bundle_key

WEB_PUSH = "webpush"
"""Browsers show a text of their own for a push that shows and takes off nothing."""


async def withdrawals(
    reader: FactReader, counts: UnreadCounts, entries: Sequence[tuple[Entry, Sequence[Device]]]
) -> Sequence[Sending]:
    """Return what to take off the devices of some users."""
    showing = [(entry, [one for one in devices if is_behind(one)]) for entry, devices in entries]
    users = sorted({entry.user_id for entry, devices in showing if devices})
    if not users:
        return []
    shown = [(one.user_id, key) for _, devices in showing for one in devices for key in one.shown]
    unread = await reader.unread(shown)
    snapshots = await counts.fetch(users)
    sendings = []
    for entry, devices in showing:
        for device in devices:
            numbers = snapshots[device.user_id].counts
            tags = [
                key
                for key in device.shown
                if (device.user_id, key) not in unread and not _is_unread_bundle(key, numbers)
            ]
            if tags or (device.badge != numbers.total and device.provider != WEB_PUSH):
                push = build_withdrawal(tags, numbers.total, id_=f"{entry.push.id}-{device.id}")
                sendings.append(
                    Sending(
                        delivery=delivery_of(entry, push, device, None),
                        entries=[entry],
                        hidden=tuple(tags),
                        is_silent=True,
                    )
                )
    return sendings


def is_behind(device: Device) -> bool:
    """Return whether a device may show what it should not."""
    return bool(device.shown) or device.badge > 0


def _is_unread_bundle(key: str, counts: Counts) -> bool:
    """Return whether something of a bundle is unread, by its collapse key."""
    prefix = bundle_key(None)
    if not key.startswith(prefix):
        return False
    category = key.removeprefix(prefix)
    if not category:
        return any(counts.categories.values())
    return category in counts.silent or counts.categories.get(category, 0) > 0
