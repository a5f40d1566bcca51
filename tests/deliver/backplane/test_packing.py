"""Packing: items become messages that the backplane carries."""

from __future__ import annotations

from lumen_notify.deliver.backplane.packing import MAX_ITEMS_BYTES, item_bytes, packed
from lumen_notify.model.encoding import json_bytes


def test_items_are_kept_in_order_and_every_message_is_small() -> None:
    items = [["ä" * (n % 50), n] for n in range(2000)]
    messages = list(packed(items))
    assert [item for message in messages for item in message] == items
    assert all(json_bytes({"users": message}) <= 4096 for message in messages)
    assert min(map(json_bytes, messages[:-1])) > MAX_ITEMS_BYTES - max(map(item_bytes, items)) - 2


def test_item_that_fits_into_no_message_is_left_out() -> None:
    assert list(packed([1, "x" * MAX_ITEMS_BYTES, 2])) == [[1, 2]]
    assert list(packed([])) == []
