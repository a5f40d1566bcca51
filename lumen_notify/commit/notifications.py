"""Notifications: publishes them.

Promises: nothing is written per recipient of a room or of all; a publish with an Idempotency-Key is
done once, and repeats get the first answer.

A notification's `body` is JSON as frames and lists show it. One that goes to a list of users is one
row and one event for each of them, under one id.

Not here: reading them back (`inbox`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lumen_notify.commit.log import Draft
from lumen_notify.errors import Conflict
from lumen_notify.model import rfc3339, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One notification to be.

    audiences: at least one, without repeats. recipients: their number, None if it is for everyone.
    fields: what the frame carries beside id and created_at, without None. deliver_at: milliseconds, None
    for at once. owner: who may cancel it until then. expires_at: milliseconds, None for never.
    """

    id: str
    audiences: tuple[str, ...]
    recipients: int | None
    category: str
    fields: Mapping[str, Any]
    deliver_at: int | None = None
    owner: str = ""
    expires_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """What a client sends to be able to repeat. owner: the user. digest: of the request's body."""

    owner: str
    key: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Publish all, or none. The result: one Published per publication, in order."""

    publications: tuple[Publication, ...]
    key: IdempotencyKey | None = None

    @property
    def lane(self) -> str | None:
        """Two publishes with one key do not meet in one transaction."""
        return None if self.key is None else f"key:{self.key.owner}:{self.key.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The answer. position: of the (last) event, None if it is scheduled. recipients: None for everyone."""

    id: str
    recipients: int | None
    position: int | None


async def publish(draft: Draft, commands: Sequence[Publish]) -> Sequence[object]:
    """Write publishes: a `committer.Writer`. Answers a list of Published each, or Conflict."""
    kept = await _kept_answers(draft, [command.key for command in commands if command.key])
    rows: list[dict[str, Any]] = []
    scheduled: list[dict[str, Any]] = []
    answers: list[object] = []
    new_keys: list[dict[str, Any]] = []
    for command in commands:
        key = command.key
        if key is not None and (key.owner, key.key) in kept:
            digest, answer = kept[key.owner, key.key]
            answers.append(_repeat(key, digest, answer))
            continue
        published = [
            _append(draft, publication, rows)
            if publication.deliver_at is None
            else _schedule(publication, scheduled)
            for publication in command.publications
        ]
        answers.append(published)
        if key is not None:
            new_keys.append(_key_row(key, published, draft.now))
    _insert(draft, rows)
    if scheduled:
        draft.add("schedule_notifications", rows=scheduled)
    if new_keys:
        draft.add("keep_idempotent_answers", rows=new_keys)
    return answers


async def write_publications(draft: Draft, publications: Sequence[Publication]) -> None:
    """Publish at once, in this order, whatever their `deliver_at` says; not those that have expired."""
    rows: list[dict[str, Any]] = []
    for publication in publications:
        if publication.expires_at is None or publication.expires_at > draft.now:
            _append(draft, publication, rows)
    _insert(draft, rows)


def _insert(draft: Draft, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    draft.add("insert_notifications", rows=rows)
    live = Counter((row["audience"], row["category"]) for row in rows)
    tally = [
        {"audience": audience, "category": category, "live": number}
        for (audience, category), number in live.items()
    ]
    draft.add("add_to_tally", rows=tally)


def _schedule(publication: Publication, scheduled: list[dict[str, Any]]) -> Published:
    kept = {
        "audiences": publication.audiences,
        "recipients": publication.recipients,
        "category": publication.category,
        "fields": publication.fields,
        "expires_at": publication.expires_at,
    }
    scheduled.append(
        {
            "id": publication.id,
            "owner": publication.owner,
            "deliver_at": publication.deliver_at,
            "width": len(publication.audiences),
            "publication": to_json(kept),
        }
    )
    return Published(id=publication.id, recipients=publication.recipients, position=None)


def _append(draft: Draft, publication: Publication, rows: list[dict[str, Any]]) -> Published:
    shown = {
        "id": publication.id,
        "category": publication.category,
        **publication.fields,
        "created_at": draft.now_text,
    }
    if publication.expires_at is not None:
        shown["expires_at"] = rfc3339(publication.expires_at)
    body = to_json(shown)
    for audience in publication.audiences:
        position = draft.append(
            audience=audience, kind="notification", category=publication.category, body=body
        )
        rows.append(
            {
                "id": publication.id,
                "audience": audience,
                "position": position,
                "category": publication.category,
                "body": body,
                "created_at": draft.now,
                "expires_at": publication.expires_at,
            }
        )
    return Published(id=publication.id, recipients=publication.recipients, position=draft.position)


async def _kept_answers(
    draft: Draft, keys: Sequence[IdempotencyKey]
) -> Mapping[tuple[str, str], tuple[str, str]]:
    if not keys:
        return {}
    rows = [{"owner": key.owner, "key": key.key} for key in keys]
    found = await draft.run("idempotent_answers", rows=rows)
    return {(owner, key): (digest, answer) for owner, key, digest, answer in found}


def _key_row(key: IdempotencyKey, published: Sequence[Published], now: int) -> dict[str, Any]:
    answer = [[one.id, one.recipients, one.position] for one in published]
    return {
        "owner": key.owner,
        "key": key.key,
        "digest": key.digest,
        "answer": to_json(answer),
        "created_at": now,
    }


def _repeat(key: IdempotencyKey, digest: str, answer: str) -> object:
    if digest != key.digest:
        return Conflict("this Idempotency-Key was used for another request", code="idempotency_key_reused")
    return [
        Published(id=id_, recipients=recipients, position=position)
        for id_, recipients, position in json.loads(answer)
    ]
