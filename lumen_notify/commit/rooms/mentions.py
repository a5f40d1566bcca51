"""Mentions: the notifications of users whom a message mentions.

Promises: an edit changes the content of the notifications in their place, for users who may still see the
message; for others, and with the message, they are removed. Neither lists nor replays show the old text.

Not here: sending the message (`messages`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.publications.removal import remove_notifications
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import Audience, to_json, value
from lumen_notify.model.events import NotificationEdited

MENTION = "mention"
"""The category of the notifications of mentions."""


@value
class Mention:
    """A notification of a mention. id: of the message, too. position: of the event that announced it. body:
    JSON. may_see: whether the user is a member and has not blocked the sender."""

    id: str
    audience: Audience
    position: int
    body: str
    may_see: bool


def mention_publications(
    sender: Mapping[str, Any], content: str, data: Mapping[str, Any], members: Mapping[str, Any]
) -> list[Publication]:
    """Make the notification of a message's mentions, if anybody gets one.

    data: `{room_id, message_id, seq}`. members: the mentioned ones, and whether each has blocked the sender.
    """
    audiences = tuple(
        Audience.user(user_id)
        for user_id, is_blocked in members.items()
        if user_id != sender["id"] and not is_blocked
    )
    if not audiences:
        return []
    fields = {"sender": sender, "content": content, "data": data}
    return [
        Publication(
            id=data["message_id"],
            audiences=audiences,
            recipients=len(audiences),
            category=MENTION,
            fields=fields,
            has_event_for_each=True,
        )
    ]


async def load_mentions(tx: Transaction, message_ids: Sequence[str]) -> Mapping[str, Sequence[Mention]]:
    """Load the notifications of some messages, by message id."""
    mentions: dict[str, list[Mention]] = defaultdict(list)
    if message_ids:
        rows = await tx.run("mentions_of_messages", rows=[{"id": id_} for id_ in message_ids])
        for id_, audience, position, body, may_see in rows:
            mentions[id_].append(
                Mention(
                    id=id_,
                    audience=Audience(audience),
                    position=position,
                    body=body,
                    may_see=bool(may_see),
                )
            )
    return mentions


async def remove_mentions(tx: Transaction, mentions: Iterable[Mention]) -> None:
    """Remove notifications of mentions, from the lists and from the log."""
    removed = list(mentions)
    await tx.withdraw(mention.position for mention in removed)
    await remove_notifications(tx, [(mention.id, mention.audience) for mention in removed])


class MentionEdits:
    """Collects the edits of one transaction; `write` writes them. texts: what the events that announced them
    say now, by position."""

    def __init__(self, tx: Transaction) -> None:
        self.texts: dict[int, str] = {}
        self._tx = tx
        self._rows: list[dict[str, Any]] = []
        self._removed: list[Mention] = []

    def add(self, mentions: Iterable[Mention], content: str) -> list[int]:
        """Change the content of a message's notifications; return the positions of all events with it."""
        copies = []
        for mention in mentions:
            if not mention.may_see:
                self._removed.append(mention)
                continue
            data = json.loads(mention.body) | {"content": content}
            body = to_json(data)
            self.texts[mention.position] = body
            self._rows.append({"id": mention.id, "audience": mention.audience, "body": body})
            position = self._tx.append(mention.audience, NotificationEdited(data=data), category=MENTION)
            copies += [mention.position, position]
        return copies

    async def write(self) -> None:
        """Write the notifications."""
        if self._rows:
            self._tx.add("set_notification_bodies", rows=self._rows)
        await remove_mentions(self._tx, self._removed)
