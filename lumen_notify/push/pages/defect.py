"""Defect: what is written about a page that is given up since it fails by a defect. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lumen_notify.commit.push.dead_letters import DeadLetter
from lumen_notify.commit.push.due import Device
from lumen_notify.commit.push.progress import AdvancePushes, Progress, WaitingKey
from lumen_notify.push.pages.decision import counts
from lumen_notify.push.pages.entries import Entry
from lumen_notify.push.pages.results import outcome_of

REASON = "a defect of the server, see its log"


def given_up(
    entries: Sequence[Entry],
    devices: Mapping[str, Sequence[Device]],
    progress: tuple[Progress, ...],
    waited: tuple[tuple[WaitingKey, int], ...],
) -> AdvancePushes:
    """Return the command: some devices may have got it. See `Page` for the parameters."""
    shown = [entry for entry in entries if entry.push.kind != "withdrawal"]
    return AdvancePushes(
        progress=progress,
        waited=waited,
        outcomes=tuple(outcome_of(entry, f"failed: {REASON}") for entry in shown),
        dead_letters=tuple(
            DeadLetter(
                push_id=entry.push.id,
                notification_id=entry.notification_id,
                user_id=entry.user_id,
                device_id=device.id,
                provider=device.provider,
                reason=REASON,
            )
            for entry in shown
            for device in devices.get(entry.user_id, ())
            if entry.device_id in ("", device.id) and counts(device.kind, entry.push)
        ),
    )
