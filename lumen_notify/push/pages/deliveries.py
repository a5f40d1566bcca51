"""Deliveries: what one user gets as one push -> a delivery for each of their devices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from lumen_notify.commit.counts import UnreadCounts
from lumen_notify.commit.push.due import Device
from lumen_notify.commit.push.facts import FactReader, Room
from lumen_notify.model import Audience
from lumen_notify.push.pages.entries import Entry, Group, Passing, Sending
from lumen_notify.push.pages.payload import MENTION, ContentLevel, Shown, build
from lumen_notify.push.pages.turns import in_turns
from lumen_notify.push.push import Delivery, Push, Target


class DeliveryBuilder:
    """Builds deliveries. content_level: of categories that have none."""

    def __init__(self, reader: FactReader, counts: UnreadCounts, *, content_level: ContentLevel) -> None:
        self._reader = reader
        self._counts = counts
        self._content_level = content_level

    async def build(self, groups: Sequence[Group], now: int) -> tuple[Sequence[Sending], Sequence[Entry]]:
        """Build the deliveries of some groups; return them, and what was removed meanwhile."""
        if not groups:
            return [], []
        bodies = await self._bodies(groups)
        rooms = await self._rooms(bodies.values())
        unread = await self._counts.fetch(sorted({group.user_id for group in groups}))
        sendings: list[Sending] = []
        removed: list[Entry] = []
        async for group in in_turns(groups):
            body = _body(group, bodies)
            if body is None:
                removed += [part.entry for part in group.parts]
                continue
            part = group.first
            room = part.messages.room if part.messages else rooms.get(_mentioned_in(group, body))
            level = part.facts.push_content or self._content_level
            shown = Shown(
                collapse_key=group.collapse_key,
                category=group.category,
                priority=group.priority,
                content_level=cast("ContentLevel", level),
                unread_count=unread[group.user_id].counts.total,
                body=body,
                count=part.messages.count if part.messages else group.count,
                room=room,
                expires_at=group.expires_at,
                is_message=part.messages is not None,
            )
            sendings += _sendings(group, shown, now)
        return sendings, removed

    async def _bodies(self, groups: Sequence[Group]) -> Mapping[object, Mapping[str, Any]]:
        """Read the body of each group of one notification. What several users share is read once."""
        keys: dict[object, tuple[str, Audience]] = {}
        for group in groups:
            audience = audience_of(group.entry)
            if audience is not None and group.count == 1:
                keys[_body_key(group.first)] = group.entry.notification_id, audience
        found = await self._reader.bodies(keys.values())
        decoded = {key: json.loads(text) for key, text in found.items()}
        return {
            body_key: decoded[id_, str(audience)]
            for body_key, (id_, audience) in keys.items()
            if (id_, str(audience)) in decoded
        }

    async def _rooms(self, bodies: Any) -> Mapping[str, Room]:
        ids = {(body.get("data") or {}).get("room_id") for body in bodies if body.get("category") == MENTION}
        return await self._reader.rooms(id_ for id_ in ids if isinstance(id_, str))


def audience_of(entry: Entry) -> Audience | None:
    """Return the audience of the notification of an entry; None if it has none."""
    push = entry.push
    if push.kind != "notification" or push.body is not None:
        return None
    return push.audience or Audience.user(entry.user_id)


def target_of(device: Device) -> Target:
    """Return a device as providers know it."""
    return Target(
        id=device.id,
        user_id=device.user_id,
        provider=device.provider,
        token=device.token,
        kind=device.kind,
        locale=device.locale,
        p256dh=device.p256dh,
        auth=device.auth,
        registered_at=device.registered_at,
    )


def delivery_of(entry: Entry, push: Push, device: Device, expires_at: int | None) -> Delivery:
    """Return the delivery of a push to a device."""
    return Delivery(
        push=push,
        target=target_of(device),
        push_id=entry.push.id,
        created_at=entry.push.created_at,
        notification_id=entry.notification_id,
        attempts=0 if entry.waited is None else entry.waited.attempts,
        expires_at=expires_at,
    )


def _body_key(part: Passing) -> object:
    audience = audience_of(part.entry)
    return part.facts.content_position or (part.entry.notification_id, audience)


def _body(group: Group, bodies: Mapping[object, Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the body to show; empty for a bundle; None if it does not exist any more."""
    part = group.first
    if part.messages is not None:
        return part.messages.newest
    if group.count > 1:
        return {}
    if part.entry.push.body is not None:
        body: Mapping[str, Any] = json.loads(part.entry.push.body)
        return body
    return bodies.get(_body_key(part))


def _mentioned_in(group: Group, body: Mapping[str, Any]) -> str:
    return str((body.get("data") or {}).get("room_id")) if group.category == MENTION else ""


def _sendings(group: Group, shown: Shown, now: int) -> list[Sending]:
    entries = [part.entry for part in group.parts]
    name = f"{entries[0].push.id}/{group.user_id}/{group.collapse_key}"
    id_ = hashlib.sha256(name.encode()).hexdigest()[:32]
    return [
        Sending(
            delivery=delivery_of(
                group.entry, build(shown, device.locale, now, id_=id_), device, group.expires_at
            ),
            entries=entries,
            category=group.category,
            shown=(group.collapse_key,),
        )
        for device in group.first.devices
    ]
