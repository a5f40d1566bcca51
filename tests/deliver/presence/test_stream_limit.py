"""Stream limit: the oldest streams are closed, here or elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from lumen_notify.deliver.presence.stream_limit import StreamLimit
from lumen_notify.model import CloseReason, new_id

from ..stream_harness import StreamHarness


class Excess:
    """Says which streams are too many."""

    def __init__(self) -> None:
        self.streams: list[tuple[str, str]] = []
        self.asked: list[Sequence[str]] = []

    async def excess(self, user_ids: Sequence[str], *, most: int) -> Sequence[tuple[str, str]]:
        self.asked.append(list(user_ids))
        assert most == 2
        return [one for one in self.streams if one[0] in user_ids]


class Limiting:
    def __init__(self, most: int = 2) -> None:
        self.harness = StreamHarness()
        self.excess = Excess()
        self.sent: list[Mapping[str, Any]] = []
        self.limit = StreamLimit(
            self.harness.hub,
            self.excess,  # type: ignore[arg-type]
            most=most,
            send=lambda name, fields: self.sent.append({name: fields}),
        )


async def test_streams_here_are_closed_and_others_are_asked_to(caplog: pytest.LogCaptureFixture) -> None:
    limiting = Limiting()
    ann, bob = limiting.harness.open("ann"), limiting.harness.open("bob")
    there = new_id()
    limiting.excess.streams = [("ann", ann.id), ("ann", there)]
    limiting.limit.opened(["ann", "bob"])
    await limiting.limit.enforce()
    assert limiting.excess.asked == [], "the other instances may not have written theirs"
    await limiting.limit.enforce()
    assert (ann.close_reason, bob.close_reason) == (CloseReason.REPLACED, None)
    assert limiting.sent == [{"close_streams": {"streams": [["ann", there]]}}]


async def test_user_with_too_many_is_looked_at_until_they_have_not() -> None:
    limiting = Limiting()
    limiting.excess.streams = [("ann", new_id())]
    limiting.limit.opened(["ann", "bob"])
    for _ in range(3):
        await limiting.limit.enforce()
    limiting.excess.streams = []
    await limiting.limit.enforce()
    await limiting.limit.enforce()
    assert limiting.excess.asked == [["ann", "bob"], ["ann"], ["ann"]]
    assert len(limiting.sent) == 2


async def test_without_a_limit_nobody_is_asked() -> None:
    limiting = Limiting(most=0)
    limiting.limit.opened(["ann"])
    await limiting.limit.enforce()
    assert limiting.excess.asked == []


async def test_message_closes_only_the_streams_that_it_names() -> None:
    limiting = Limiting()
    first, second = limiting.harness.open("ann"), limiting.harness.open("ann")
    limiting.limit.receive({"streams": [["ann", first.id], ["bob", second.id], ["nobody", new_id()]]})
    assert (first.close_reason, second.close_reason) == (CloseReason.REPLACED, None)
