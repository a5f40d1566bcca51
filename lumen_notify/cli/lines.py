"""Lines: a frame of the stream as a line that a person reads. No I/O.

Promise: whatever a frame holds, its line is one line and no terminal obeys it: what cannot be printed
becomes a space.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from lumen_notify.model import value


@value
class Line:
    """One line. state: of the connection (`good`, `bad`), a `mark`, or `news`. suffix: said in passing."""

    text: str
    state: Literal["good", "bad", "mark", "news"]
    suffix: str = ""


def read_data(text: str) -> Mapping[str, Any]:
    """Read a frame's data; what is no JSON object comes back as `{"text": ...}`."""
    try:
        data = json.loads(text)
    except ValueError:
        return {"text": text}
    return data if isinstance(data, dict) else {"text": text}


def line_of(event: str, data: Mapping[str, Any], id_: str) -> Line | None:
    """Return the line of a frame, None for one that is not worth one. id_: empty for none."""
    unread = f"{_clean(data['unread_count'])} unread" if "unread_count" in data else ""
    suffix = f"  {_clean(id_)}" if id_ else ""
    match event:
        case "ping":
            return None
        case "ready" if data.get("recovered") is True:
            text = f"resumed, {_clean(data.get('replayed'))} replayed: {unread}"
            return Line(state="good", text=text, suffix=suffix)
        case "ready":
            return Line(state="good", text=f"connected: {unread}", suffix=suffix)
        case "reset":
            text = f"reset: what was missed is in the list alone: {unread}"
            return Line(state="bad", text=text, suffix=suffix)
        case "expiring":
            return Line(state="bad", text=f"the token ends in {_clean(data.get('seconds'))} s")
        case "" | "message":
            return Line(state="news", text=_joined(_content(data), unread), suffix=suffix)
        case _:
            what = json.dumps(data.get("data", data), ensure_ascii=False)
            return Line(state="mark", text=_joined(f"{_clean(event)} {_clean(what)}", unread), suffix=suffix)


def _content(data: Mapping[str, Any]) -> str:
    shown = data.get("data")
    if not isinstance(shown, dict):
        return _clean(json.dumps(data, ensure_ascii=False))
    if isinstance(items := shown.get("items"), list):
        return f"{_clean(data.get('type'))} · {len(items)} together"
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
