"""Categories: the reserved names are those of all frames."""

from __future__ import annotations

from lumen_notify.api.openapi.control import CONTROL_FRAMES
from lumen_notify.api.openapi.frames import EVENT_FRAMES
from lumen_notify.model import RESERVED_CATEGORIES


def test_the_name_and_the_type_of_every_frame_is_reserved() -> None:
    names = {frame.event for frame in CONTROL_FRAMES}
    for frame in EVENT_FRAMES:
        names |= {payload.kind for payload in frame.payloads} if frame.event is None else {frame.event}
        names |= {str(frame.fields["type"]["const"])} if "const" in frame.fields.get("type", {}) else set()
    assert names - set(RESERVED_CATEGORIES) == set()
    assert list(RESERVED_CATEGORIES) == sorted(set(RESERVED_CATEGORIES))
