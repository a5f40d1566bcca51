"""Renewals: streams on all instances last as long as the fresh token, and a lost message ends none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from lumen_notify.auth import Principal, Revocations
from lumen_notify.deliver.streams.renewals import Renewals
from lumen_notify.model import CloseReason

from ..stream_harness import StreamHarness, event_names


class Instance:
    """The streams of one instance, and the messages that it has sent."""

    def __init__(self) -> None:
        self.harness = StreamHarness(ping_seconds=1000)
        self.revocations = Revocations()
        self.sent: list[Mapping[str, Any]] = []
        self.renewals = Renewals(self.harness.streams, self.revocations, self.send)

    def send(self, name: str, fields: Mapping[str, Any]) -> None:
        assert name == "renew"
        self.sent.append(json.loads(json.dumps(fields)))

    def renew(self, user_id: str = "ann", *, expires_in: int = 500) -> Mapping[str, Any]:
        """Renew with a token that was issued now; return the message to the other instances."""
        now = self.harness.clock.ms()
        self.renewals.renew(Principal(user_id=user_id, issued_at=now, expires_at=now + expires_in * 1000))
        return self.sent.pop()


def test_renewal_reaches_the_streams_of_other_instances() -> None:
    here, there = Instance(), Instance()
    streams = [instance.harness.open(expires_in=100) for instance in (here, there)]
    other = there.harness.open("bob", expires_in=100)
    message = here.renew()
    for _ in range(2):
        there.renewals.receive(message)
    assert there.sent == [], "it is not sent on"
    for instance in (here, there):
        instance.harness.pass_seconds(499)
    assert [stream.close_reason for stream in (*streams, other)] == [None, None, CloseReason.EXPIRED]
    for instance in (here, there):
        instance.harness.pass_seconds(1)
    assert [stream.close_reason for stream in streams] == [CloseReason.EXPIRED] * 2


def test_client_is_asked_again_when_its_renewal_was_lost() -> None:
    here, there = Instance(), Instance()
    stream = there.harness.open(expires_in=100)
    there.harness.pass_seconds(40)
    assert event_names(stream) == ["expiring"]
    here.renew()  # lost
    there.harness.pass_seconds(30)
    assert event_names(stream) == ["expiring", "expiring"]
    there.renewals.receive(here.renew())
    there.harness.pass_seconds(100)
    assert stream.close_reason is None
    assert event_names(stream) == ["expiring", "expiring"]


def test_renewal_that_comes_after_a_revocation_of_its_token_does_nothing() -> None:
    here, there = Instance(), Instance()
    late = here.renew()
    there.revocations.revoke("ann", late["issued_at"] + 1)
    stream = there.harness.open(expires_in=100)
    there.renewals.receive(late)
    there.harness.pass_seconds(100)
    assert stream.close_reason is CloseReason.EXPIRED


@pytest.mark.parametrize(
    "changes", [{"user_id": 7}, {"expires_at": "soon"}, {"expires_at": 1e300}, {"issued_at": None}]
)
def test_message_that_is_no_renewal_is_refused(changes: dict[str, Any]) -> None:
    here, there = Instance(), Instance()
    stream = there.harness.open(expires_in=100)
    with pytest.raises(ValueError, match="not a renewal"):
        there.renewals.receive({**here.renew(), **changes})
    assert stream.expires_at == stream.connected_at + 100_000
