"""What tests of settings share."""

from __future__ import annotations

import pytest

from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings

LONG = "s3cr3t-" * 6


def problems_of(environ: dict[str, str]) -> dict[str, str]:
    """Return what is wrong with an environment, by variable."""
    with pytest.raises(Misconfigured) as caught:
        Settings.from_env(environ)
    return dict(caught.value.problems)
