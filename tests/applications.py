"""Applications: those that pages of the documentation show, each a process behind a port of its own."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from servers import Server, spawn_python

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Application(Server):
    """A Python program that serves HTTP. command: what Python is called with. port: where it listens."""

    name = "application"

    def __init__(
        self, folder: Path, command: Sequence[str], *, port: int, environ: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(folder)
        self.command = list(command)
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})}

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return spawn_python(self.command, self.folder, self.environ, log)

    def _answers(self) -> bool:
        try:
            _direct.open(self.url, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True
