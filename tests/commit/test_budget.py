"""Budget: small commands always fit into a batch, large ones as far as there is room."""

from __future__ import annotations

from lumen_notify.commit.budget import (
    BATCH_BYTES,
    BATCH_ROWS,
    ONE_ROW,
    ROW_BYTES,
    Batch,
    Cost,
    cost_of,
    text_cost,
)
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.commit.rooms.messages import SendMessage
from lumen_notify.commit.rooms.rooms import CreateRoom
from lumen_notify.model import Audience


def test_batch_takes_large_commands_up_to_its_rows() -> None:
    batch, half = Batch(), Cost(rows=BATCH_ROWS // 2)
    assert [batch.take(half) for _ in range(3)] == [True, True, False]
    assert not batch.take(Cost(rows=2))
    assert batch.take(ONE_ROW)


def test_batch_takes_commands_up_to_its_bytes() -> None:
    batch = Batch()
    for rows in (1, 2):
        third = Cost(rows=rows, text_bytes=BATCH_BYTES // 3)
        assert [batch.take(third) for _ in range(4)] == [True, True, True, False]
    assert batch.take(ONE_ROW)
    assert not batch.take(Cost(text_bytes=3))


def test_first_command_fits_whatever_its_size() -> None:
    batch = Batch()
    assert batch.take(Cost(text_bytes=BATCH_BYTES * 9))
    assert batch.take(Cost(rows=BATCH_ROWS * 9, text_bytes=BATCH_BYTES * 9))
    assert not batch.take(Cost(rows=2))


def test_cost_of_text_is_its_bytes_as_json() -> None:
    cost = text_cost({"a": "\U0001f600"}, rows=3)
    assert cost == Cost(rows=3, text_bytes=len(b'{"a":"...."}'))
    assert cost.memory_bytes == cost.text_bytes + 3 * ROW_BYTES


def test_commands_cost_what_they_write() -> None:
    users = tuple(Audience.user(f"u{number}") for number in range(7))
    publication = Publication(
        id="i", audiences=users, recipients=7, category="like", fields={"content": "hi"}
    )
    message = SendMessage(id="i", room_id="r", sender={"id": "a"}, fields={}, mentions=("b", "c"))
    assert cost_of(Publish(publications=(publication, publication))) == Cost(rows=14, text_bytes=32)
    assert cost_of(message).rows == 3
    assert cost_of(CreateRoom(id="r", kind="public", creator="a", members=("b", "c"))).rows == 3
    assert cost_of(object()) is ONE_ROW
