"""Intake: the arguments of `lumen-notify intake`."""

from __future__ import annotations

from typing import Annotated

import typer

from lumen_notify import logs
from lumen_notify.cli.config import read_settings
from lumen_notify.cli.options import EnvFile


def intake(
    *,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", min=1, max=65535, help="Answer with the metrics at this port of LUMEN_HOST."
        ),
    ] = None,
    _env_file: EnvFile = None,
) -> None:
    """Take in until a signal."""
    settings = read_settings()
    logs.configure(settings.log_level, settings.log_format)
    from lumen_notify.intake.process import run  # noqa: PLC0415 - it takes a while

    run(settings, metrics_port)
