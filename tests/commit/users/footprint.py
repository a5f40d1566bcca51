"""Footprint: a user who has left traces in every table, and where a database names a user."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lumen_notify.commit.devices.registration import RegisterDevice
from lumen_notify.commit.marks.marks import Selection
from lumen_notify.commit.notifications.batch import Limiting
from lumen_notify.commit.notifications.publication import IdempotencyKey, Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.preferences.categories import Limits
from lumen_notify.commit.preferences.preferences import ChangePreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.commit.publications.callers import Caller
from lumen_notify.commit.publications.deletion import DeleteOwn
from lumen_notify.commit.publications.edits import EditNotification
from lumen_notify.commit.rooms.direct import SendDirectMessage
from lumen_notify.commit.rooms.edits import EditMessage
from lumen_notify.commit.rooms.members import ChangeMembers
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import EVERYONE, Audience, new_id, to_json
from lumen_notify.rates import Rate

from ..accounts.log_ins import log_in, register
from ..rooms.conversation import message, read, send, set_block
from ..store import Store

ZOE = "zoé_7%x"
"""The user. The id has what `LIKE` and JSON treat in a special way."""

USERNAME = "zoe.private"
DISPLAY_NAME = "Zoé of the private name"
SAID = "what zoe says in rooms"
TOLD = "what nobody but zoe is told"

OTHERS = ("bob", "cy", "dan", "eve")

ROOM, OTHER_ROOM, QUIET_ROOM, OWN_ROOM = "club", "hall", "library", "study"

NAMES_NO_USER = {
    "lumen_attempt_window",  # hashes
    "lumen_category",
    "lumen_deletion",  # while it runs
    "lumen_instance",
    "lumen_intake",
    "lumen_log_head",
    "lumen_migration",
    "lumen_server_key",
}
"""Tables that have nothing of a user."""

NEEDLES = (ZOE, USERNAME, DISPLAY_NAME)
"""What names the user."""


def person(user: str) -> dict[str, Any]:
    return {"id": user, "username": DISPLAY_NAME if user == ZOE else user.title(), "avatar": None}


def publication(*users: str, sender: str = "bob", content: str = "hello", **more: Any) -> Publication:
    fields = {"sender": person(sender), "content": content, **more.pop("fields", {})}
    given: dict[str, Any] = {"category": "like", "owner": "app", **more}
    return Publication(
        id=new_id(),
        audiences=tuple(map(Audience.user, users)) or (EVERYONE,),
        recipients=len(users) or None,
        fields=fields,
        **given,
    )


async def publish(store: Store, *publications: Publication, key: IdempotencyKey | None = None) -> str:
    await store.committer.submit(Publish(publications=publications, key=key))
    return publications[0].id


async def leave_traces(store: Store) -> None:
    """Let zoe and others do all that there is to do."""
    await _account(store)
    await _rooms(store)
    await _notifications(store)
    await _waiting(store)
    await _pushes(store)
    await _rows_of_others(store)


async def _account(store: Store) -> None:
    await register(store, ZOE, USERNAME, display_name=DISPLAY_NAME)
    await log_in(store, ZOE)
    for user in (ZOE, "bob"):
        await store.committer.submit(
            RegisterDevice(
                id=new_id(), user_id=user, provider="log", token=f"t-{user}", issued_at=2**62, max_devices=5
            )
        )
    quiet = QuietHours(begin="22:00", end="07:00", time_zone="Europe/Berlin")
    await store.committer.submit(
        ChangePreferences(
            user_id=ZOE,
            choices={"promo": {"muted": True}},
            quiet_hours=quiet,
            digest_minutes=60,
            is_hidden=True,
        )
    )
    await store.committer.submit(ChangePreferences(user_id="bob", digest_minutes=60))


async def _rooms(store: Store) -> None:
    for room in (
        CreateRoom(id=ROOM, kind="public", creator=ZOE, members=("bob", "cy", "dan"), title="T"),
        CreateRoom(id=OTHER_ROOM, kind="private", creator="bob", members=(ZOE, "cy")),
        CreateRoom(id=QUIET_ROOM, kind="public", creator="bob", members=(ZOE,)),
        CreateRoom(id=OWN_ROOM, kind="private", creator=ZOE),
    ):
        await store.committer.submit(room)
    await store.committer.submit(message(ZOE, SAID, room=ROOM, mentions=("bob", "cy"), client_id="c1"))
    await send(store, "bob", "hello", room=ROOM, mentions=(ZOE,))
    edited = await send(store, ZOE, f"{SAID}, at first", room=ROOM, mentions=("dan",))
    await store.committer.submit(
        EditMessage(room_id=ROOM, user_id=ZOE, id=edited.id, content=f"{SAID} later")
    )
    await send(store, ZOE, SAID, room=OWN_ROOM)
    await read(store, "cy", 1, room=ROOM)
    await read(store, ZOE, 3, room=ROOM)
    for sender, to in ((ZOE, "bob"), ("bob", ZOE)):
        direct = message(sender, SAID if sender == ZOE else "hi")
        await store.committer.submit(SendDirectMessage(to=to, message=direct))
    for room_id, caller, action, user in (
        (ROOM, ZOE, "ban", "dan"),
        (OTHER_ROOM, "bob", "ban", ZOE),
        (QUIET_ROOM, "bob", "put", ZOE),
        (QUIET_ROOM, ZOE, "remove", ZOE),
    ):
        await store.committer.submit(
            ChangeMembers(
                room_id=room_id,
                caller=caller,
                action=action,  # type: ignore[arg-type]
                users=(user,),
                role="muted" if action == "put" else None,
            )
        )
    await set_block(store, ZOE, "dan")
    await set_block(store, "eve", ZOE)


async def _notifications(store: Store) -> None:
    store.limiting = Limiting(per_sender=Rate.parse("1000/hour"))
    await store.define("limited", limits=Limits(per_recipient="1/hour", over="merge"))
    await publish(store, publication(ZOE, "bob", category="limited", sender=ZOE))
    await publish(store, publication(ZOE, "bob", category="limited", sender=ZOE))  # merges by sender
    one = await publish(store, publication(ZOE, content=TOLD))
    await publish(store, publication(ZOE, "bob", content="for both"))
    mine = await publish(store, publication(ZOE, "bob", "cy", content="for three"))
    everyone = await publish(store, publication(content="for all"))
    await publish(store, publication(content="from zoe", sender=ZOE, owner=ZOE))
    await publish(store, publication("bob", "cy", sender=ZOE, owner=ZOE))
    await publish(store, publication(ZOE, content="kept"), key=IdempotencyKey(owner=ZOE, key="k", digest="d"))
    for sender in ("dan", ZOE):  # groups of several users, whose text is shared
        await publish(store, publication("bob", "cy", sender=sender, group_key="photo", owner=sender))
    for sender in ("dan", "eve"):
        await publish(store, publication(ZOE, sender=sender, group_key="photo", content=TOLD))
    edited = await publish(store, publication("bob", "cy", sender=ZOE, content="first"))
    of_zoe = await publish(store, publication(ZOE, content="first"))
    for id_ in (edited, of_zoe):
        caller = Caller(user_id="app", may_publish=True)
        await store.committer.submit(EditNotification(id=id_, caller=caller, changes={"content": "second"}))
    await store.committer.submit(DeleteOwn(user_id=ZOE, selection=Selection(ids=(mine,))))
    await store.mark(ZOE, "read", ids=(one, everyone))
    await store.mark(ZOE, "seen")


async def _waiting(store: Store) -> None:
    low: dict[str, Any] = {"fields": {"priority": "low"}}
    await publish(store, publication(ZOE, "bob", sender="cy", content="for both", **low))
    await publish(store, publication(ZOE, sender="cy", content=TOLD, **low))
    await publish(store, publication("bob", sender=ZOE, **low))
    later = store.now + 3_600_000
    await publish(store, publication("bob", sender=ZOE, owner=ZOE, deliver_at=later))
    await publish(store, publication(ZOE, "bob", sender=ZOE, deliver_at=later))
    await publish(store, publication(ZOE, sender="bob", deliver_at=later))


async def _pushes(store: Store) -> None:
    outcomes = to_json([[ZOE, "d", "pushed"], ["bob", "d", "pushed"]])
    await store.rows(
        "INSERT INTO lumen_push_waiting (user_id, push_id, reason, due_at)"  # noqa: S608
        f" VALUES ('{ZOE}', 'p', 'quiet', 1), ('bob', 'p', 'quiet', 1)"
    )
    await store.rows(
        "INSERT INTO lumen_push_rate (user_id, category, pushed_at, last_at)"  # noqa: S608
        f" VALUES ('{ZOE}', 'like', '[1]', 1)"
    )
    await store.rows(
        "INSERT INTO lumen_push_report (push_id, page, notification_id, created_at, outcomes)"  # noqa: S608
        f" VALUES ('p', 1, 'n', 1, '{outcomes}')"
    )
    await store.rows(
        "INSERT INTO lumen_push_dead_letter (id, push_id, notification_id, user_id, device_id, provider,"  # noqa: S608
        f" reason, created_at) VALUES ('x', 'p', 'n', '{ZOE}', 'd', 'fcm', 'no', 1)"
    )


async def _rows_of_others(store: Store) -> None:
    """Write what instances and administrators write."""
    await store.rows(f"INSERT INTO lumen_presence (user_id, is_online, last_seen_at) VALUES ('{ZOE}', 0, 5)")  # noqa: S608
    await store.rows(
        "INSERT INTO lumen_audit (id, at, actor, action, target)"  # noqa: S608
        f" VALUES ('a', 1, 'admin', 'streams.ended', 'user:{ZOE}')"
    )
    await store.rows(
        "INSERT INTO lumen_connection (instance, id, user_id, connected_at, ended_at, kept_until)"  # noqa: S608
        f" VALUES ('i', 'c', '{ZOE}', 1, 2, 3)"
    )


async def tables_of(store: Store) -> Mapping[str, list[str]]:
    """Read the names of all tables of ours, with their columns."""
    if store.database.dialect == "sqlite":
        rows = await store.rows(
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c"
            " WHERE t.type = 'table' AND t.name LIKE 'lumen%'"
        )
    else:
        rows = await store.rows(
            "SELECT CAST(table_name AS text), CAST(column_name AS text) FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name LIKE 'lumen%'"
        )
    tables: dict[str, list[str]] = {}
    for table, column in rows:
        tables.setdefault(table, []).append(column)
    return tables


async def places_naming(store: Store, *needles: str) -> Mapping[str, list[str]]:
    """Search every column of every table; return the cells in which a needle is, by table and column."""
    found: dict[str, list[str]] = {}
    for table, columns in (await tables_of(store)).items():
        for row in await store.rows(f"SELECT {', '.join(columns)} FROM {table}"):  # noqa: S608
            for column, cell in zip(columns, row, strict=True):
                text = str(cell)
                if any(needle in text or json.dumps(needle)[1:-1] in text for needle in needles):
                    found.setdefault(f"{table}.{column}", []).append(text)
    return found
