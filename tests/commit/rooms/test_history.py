"""History: both ways from any seq, and around one."""

from __future__ import annotations

import json

import pytest

from lumen_notify.commit.rooms.history import History
from lumen_notify.errors import NotFound

from ..store import Store
from .conversation import open_room, send


@pytest.mark.parametrize(
    ("seq", "older", "newer", "seqs"),
    [
        (2**62, 3, 0, [7, 8, 9]),
        (5, 3, 0, [2, 3, 4]),
        (2, 3, 0, [1]),
        (1, 3, 0, []),
        (5, 0, 3, [5, 6, 7]),
        (9, 0, 3, [9]),
        (10, 0, 3, []),
        (5, 2, 2, [3, 4, 5, 6]),
        (0, 2, 2, [1, 2]),
    ],
)
async def test_a_page_is_what_stands_around_a_seq(
    store: Store, seq: int, older: int, newer: int, seqs: list[int]
) -> None:
    await open_room(store, "ann")
    await open_room(store, "ann", room="s")
    for _ in range(9):
        await send(store)
        await send(store, room="s")

    rows = await History(store.database).page("r", "ann", seq=seq, older=older, newer=newer)

    assert [row[0] for row in rows] == seqs
    assert [json.loads(body)["room_id"] for _, body in rows] == ["r"] * len(seqs)


async def test_one_message_is_found_in_its_own_room_alone(store: Store) -> None:
    await open_room(store, "ann")
    await open_room(store, "ann", room="s")
    sent = await send(store)
    past = History(store.database)

    assert json.loads(await past.get("r", "ann", sent.id))["id"] == sent.id
    with pytest.raises(NotFound):
        await past.get("s", "ann", sent.id)
    with pytest.raises(NotFound):
        await past.get("r", "ann", "no id")
