"""Fake worker: a program that speaks to its parent as a worker does, and behaves as a file says.

    good       answers everything, and ends when told to
    deaf       gets ready, then never answers
    failing    ends with status 3, or the one that follows, before it is ready
    slow       never gets ready, and ends when told to
    short      gets ready, then ends with status 4
    stubborn   answers, but does not end when told to

The argument is the path of the file. Used by the fixture `behave`.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

BEHAVIOUR, *STATUS = Path(sys.argv[1]).read_text("utf-8").split()


def send(kind: str, **fields: Any) -> None:
    channel.sendall(json.dumps({"kind": kind, **fields}).encode() + b"\n")


def family(value: int) -> dict[str, Any]:
    samples = [["served_total", {}, value]]
    return {"name": "served", "doc": "Served.", "type": "counter", "is_maximum": False, "samples": samples}


if BEHAVIOUR == "failing":
    sys.exit(int((STATUS or ["3"])[0]))
channel = socket.socket(fileno=int(os.environ["_LUMEN_WORKER"].split(",")[1]))
if BEHAVIOUR != "slow":
    send("ready", url="http://fake")
if BEHAVIOUR == "short":
    sys.exit(4)
if BEHAVIOUR == "deaf":
    time.sleep(3600)
for line in channel.makefile("r"):
    message = json.loads(line)
    if message["kind"] == "collect":
        send("metrics", id=message["id"], lumens=[[family(1)]])
    if message["kind"] == "drain" and BEHAVIOUR != "stubborn":
        send("metrics", id=None, lumens=[[family(2)]])
        break
