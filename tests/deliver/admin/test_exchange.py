"""Exchange: instances send each other their figures while an administrator watches, and only then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lumen_notify.deliver.admin import exchange as module
from lumen_notify.deliver.admin.exchange import FIGURES, WANTED, Exchange, decode, encode
from lumen_notify.metrics.figures import Figures, OutageFigure
from lumen_notify.model import to_json

from ..fakes import FakeClock
from .figures import commits, figures


class Instances:
    """Two instances whose messages reach each other at once, unless they are lost."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.is_lost = False
        self.reads = {"a": 0, "b": 0}
        self.sent: list[str] = []
        self.woken: list[str] = []
        self.a = self._make("a")
        self.b = self._make("b")

    def _make(self, name: str) -> Exchange:
        def read() -> Figures:
            self.reads[name] += 1
            return figures(self.clock(), streams=self.reads[name])

        def send(message: str, fields: Mapping[str, Any]) -> None:
            self.sent.append(message)
            assert len(to_json(fields).encode()) < 4096
            if not self.is_lost:
                other = self.b if name == "a" else self.a
                (other.receive_wanted if message == WANTED else other.receive)(fields)

        return Exchange(name, read, send, clock=self.clock, on_wanted=lambda: self.woken.append(name))

    def second(self) -> None:
        """Let a second pass, in which an administrator watches at `a`."""
        self.clock.seconds += 1
        self.a.want()
        for one in (self.a, self.b):
            if one is self.a or one.is_wanted:
                one.read()


def streams(exchange: Exchange) -> dict[str, list[int]]:
    return {name: [one.streams for one in kept] for name, kept in exchange.kept().items()}


def test_watcher_has_the_figures_of_all() -> None:
    both = Instances()
    both.second()
    both.second()
    assert streams(both.a) == {"a": [1, 2], "b": [1, 2]}
    assert both.woken == ["b"], "once, and not at each message"


def test_nothing_is_sent_without_a_watcher() -> None:
    both = Instances()
    both.second()
    both.sent.clear()
    both.clock.seconds += module.WANTED_SECONDS
    assert not both.b.is_wanted
    both.a.forget()
    assert streams(both.a) == {}
    assert both.sent == []


def test_instance_that_is_not_heard_is_left_out_and_comes_back() -> None:
    both = Instances()
    both.second()
    both.is_lost = True
    for _ in range(6):
        both.second()
    assert streams(both.a).keys() == {"a"}
    both.is_lost = False
    both.second()
    assert streams(both.a)["b"] == [both.reads["b"]]


def test_figures_are_read_once_in_half_a_second_and_kept_for_ten() -> None:
    both = Instances()
    both.a.read()
    both.a.read()
    assert both.reads["a"] == 1
    for _ in range(20):
        both.second()
    assert len(streams(both.a)["a"]) == module.KEPT


def test_number_of_instances_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INSTANCES", 2)
    both = Instances()
    for name in "xyz":
        both.a.receive({"instance": name, "figures": encode(figures())})
    assert streams(both.a).keys() == {"x", "y"}


def test_figures_stay_the_same_on_their_way() -> None:
    sent = figures(
        1.5,
        streams_by_device={"mobile": 1},
        events_total={"notification": 3, "message": 2},
        commits_total=commits(within_ms=2, number=3),
        ended_total={"gone": 1},
        outages=(OutageFigure(what="writes", seconds=1.5),),
    )
    received = decode(encode(sent))
    assert encode(received) == encode(sent)
    assert received.outages == sent.outages or list(received.outages) == list(sent.outages)


@pytest.mark.parametrize("fields", [{}, {"instance": "a"}, {"instance": 1, "figures": {}}, {"figures": {}}])
def test_messages_that_are_no_figures_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no figures"):
        Instances().a.receive(fields)


@pytest.mark.parametrize("wrong", [{}, {"streams": "x"}, {"pushes_total": 1}, {"pushes_total": {"a": "b"}}])
def test_figures_of_another_shape_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no figures"):
        decode(wrong if not wrong else {**encode(figures()), **wrong})


def test_newer_version_may_send_more() -> None:
    assert decode({**encode(figures(streams=3)), "later": 1}).streams == 3
    assert FIGURES == "figures"
