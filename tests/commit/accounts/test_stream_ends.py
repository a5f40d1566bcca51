"""Stream ends: one event for a user, and a row of the audit log; sessions end if asked."""

from __future__ import annotations

import json

from lumen_notify.commit.accounts.stream_ends import EndStreams
from lumen_notify.commit.audit.audit import LAST_ID, AuditLog, Entry

from ..store import Store
from .log_ins import log_in, register


async def noted(store: Store) -> list[Entry]:
    rows, _ = await AuditLog(store.database).page(
        before=LAST_ID, limit=100, actor=None, action=None, target=None
    )
    return list(rows)


async def test_an_event_ends_all_streams_or_some(store: Store) -> None:
    await store.committer.submit(EndStreams(user_id="ann", admin="root"))
    await store.committer.submit(EndStreams(user_id="ann", admin="root", ids=("s1",)))
    events = [(event.kind, event.audience, json.loads(event.body)) for event in store.events]
    assert events == [
        ("streams_ended", "user:ann", {"data": {"ids": None}}),
        ("streams_ended", "user:ann", {"data": {"ids": ["s1"]}}),
    ]
    assert await store.number_of("lumen_revocation") == 0
    newest, oldest = await noted(store)
    assert (oldest.actor, oldest.action, oldest.target) == ("root", "streams.ended", "user:ann")
    assert oldest.details == {"streams": None, "revokes_tokens": False}
    assert newest.details == {"streams": ["s1"], "revokes_tokens": False}


async def test_tokens_and_sessions_end_if_asked(store: Store) -> None:
    await register(store)
    await log_in(store)
    await store.committer.submit(EndStreams(user_id="u1", admin="root", revokes_tokens=True))
    assert [event.kind for event in store.events] == ["revoked"]
    assert await store.number_of("lumen_session") == 0
    ((not_before,),) = await store.rows("SELECT not_before FROM lumen_revocation WHERE user_id = 'u1'")
    assert not_before == store.now + 1
    (entry,) = await noted(store)
    assert entry.details == {"streams": None, "revokes_tokens": True}
