"""Opening: the source of each URL, and one line about an extra that is missing."""

from __future__ import annotations

import sys

import pytest

from lumen_notify.errors import Misconfigured
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.settings import Settings

URLS = {
    "kafka": "kafka://user:pw@a:1,b:2",
    "rabbitmq": "amqp://user:pw@a:1/vhost",
    "nats": "nats://a:1",
    "redis": "redis://:pw@a:1/0",
}


@pytest.mark.parametrize("kind", URLS)
def test_url_names_the_source(kind: str) -> None:
    source = open_source(Settings(intake_url=URLS[kind]))
    assert source is not None
    assert type(source).__module__ == f"lumen_notify.intake.brokers.{kind}"
    assert "at a port 1" in source.place
    assert "pw" not in source.place


def test_no_url_is_no_source() -> None:
    assert open_source(Settings()) is None


@pytest.mark.parametrize("kind", URLS)
@pytest.mark.parametrize("missing", ["connection", None])
def test_missing_extra_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, kind: str, missing: str | None
) -> None:
    monkeypatch.setitem(sys.modules, f"lumen_notify.intake.brokers.{missing or kind}", None)
    with pytest.raises(Misconfigured) as caught:
        open_source(Settings(intake_url=URLS[kind]))
    ((name, problem),) = caught.value.problems
    assert name == "LUMEN_INTAKE_URL"
    assert problem.endswith(f"pip install 'lumen-notify[{kind}]'")
