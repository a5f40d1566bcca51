"""Format: format a frame of the stream as one readable line. No I/O.

Promise: the result is always one line without terminal control sequences: unprintable characters become
spaces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from lumen_notify.model import value


@value
class Line:
    """One line. state: selects the colour. suffix: a less important part, printed dim."""

    text: str
    state: Literal["good", "bad", "mark", "news"]
    suffix: str = ""


def format_frame(event: str, data: Mapping[str, Any], id_: str) -> Line | None:
    """Return a frame's line, or None for a frame that is not shown. id_: empty if the frame has none."""
    unread = f"{_clean(data['unread_count'])} unread" if "unread_count" in data else ""
    suffix = f"  {_clean(id_)}" if id_ else ""
    match event:
        case "ping":
            return None
        case "ready" if data.get("recovered") is True:
            replayed = data.get("replayed")
            number = "many events to be" if replayed is None else _clean(replayed)
            return Line(state="good", text=f"resumed, {number} replayed: {unread}", suffix=suffix)
        case "caught_up":
            text = f"caught up, {_clean(data.get('replayed'))} replayed: {unread}"
            return Line(state="good", text=text, suffix=suffix)
        case "ready":
            return Line(state="good", text=f"connected: {unread}", suffix=suffix)
        case "reset":
            text = f"reset ({_clean(data.get('reason'))}): missed events are only in the list: {unread}"
            return Line(state="bad", text=text, suffix=suffix)
        case "expiring":
            return Line(state="bad", text=f"the token expires in {_clean(data.get('seconds'))} s")
        case "" | "message":
            return Line(state="news", text=_joined(_content(data), unread), suffix=suffix)
        case _:
            body = json.dumps(data.get("data", data), ensure_ascii=False)
            return Line(state="mark", text=_joined(f"{_clean(event)} {_clean(body)}", unread), suffix=suffix)


def _content(data: Mapping[str, Any]) -> str:
    shown = data.get("data")
    if not isinstance(shown, dict):
        return _clean(json.dumps(data, ensure_ascii=False))
    if isinstance(items := shown.get("items"), list):
        return f"{_clean(data.get('type'))} · {len(items)} notifications"
    sender = shown.get("sender")
    name = sender.get("username") if isinstance(sender, dict) else None
    if name and isinstance(number := shown.get("actors_count"), int) and number > 1:
        name = f"{name} and {number - 1} other{'s' if number > 2 else ''}"
    title = f"{_clean(shown['title'])}: " if shown.get("title") else ""
    who = f"{_clean(name)}: " if name else ""
    return f"{_clean(data.get('type'))} · {who}{title}{_clean(shown.get('content'))}"


def _joined(text: str, unread: str) -> str:
    return f"{text} · {unread}" if unread else text


def _clean(value: object) -> str:
    return "".join(one if one.isprintable() else " " for one in str(value))
