"""Intake process: `lumen-notify intake`, to kill and start again."""

from __future__ import annotations

from typing import Self

from servers import START_SECONDS, RunningServer


class IntakeProcess(RunningServer):
    """`lumen-notify intake` in a process of its own."""

    name = "intake"
    _logged_before = 0

    @property
    def command(self) -> list[str]:
        return ["-m", "lumen_notify", "intake", *self.arguments]

    def start(self, *, within_seconds: float = START_SECONDS) -> Self:
        self._logged_before = len(self.log())
        return super().start(within_seconds=within_seconds)

    def _answers(self) -> bool:
        return "started" in self.log()[self._logged_before :]
