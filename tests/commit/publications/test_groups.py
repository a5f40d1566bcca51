"""Groups: what a row shows of the parts that are left."""

from __future__ import annotations

from lumen_notify.commit.publications.groups import shown_without
from lumen_notify.commit.publications.rows import Part, load_rows

from ..store import Store
from .desk import publish


async def test_the_newest_part_that_is_left_is_shown_with_the_actors(store: Store) -> None:
    id_ = await publish(store, "ann", content="old", sender="bob", group_key="k")
    fields = {"content": "new", "sender": {"id": "cyd"}}
    part = Part(
        actor_id="cyd",
        publication_id="2",
        publisher="app",
        publication={"fields": fields, "created_at": 0, "expires_at": 7_000},
    )
    unknown = Part(actor_id="dan", publication_id=None, publisher=None, publication=None)
    async with store.log.transaction() as tx:
        (row,) = await load_rows(tx, id_, after="", limit=2, has_bodies=True)
        edit = shown_without(tx, row, [part, unknown], 7)
    assert edit.expires_at == 7_000
    assert edit.data == {
        "id": id_,
        "category": "like",
        "content": "new",
        "sender": {"id": "cyd"},
        "group_key": "k",
        "created_at": "1970-01-01T00:00:00.000Z",
        "expires_at": "1970-01-01T00:00:07.000Z",
        "actors": [{"id": "cyd"}, {"id": "dan", "username": "dan", "avatar": None}],
        "actors_count": 7,
    }
