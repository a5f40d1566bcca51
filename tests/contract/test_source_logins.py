"""Source: brokers with passwords, and with TLS by an authority of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import servers
from brokers import Nats
from certificates import Authority
from lumen_notify.intake.brokers.opening import open_source
from lumen_notify.intake.source import BrokerUnavailable, DeadLetter, Source
from lumen_notify.settings import Settings
from valkey import Valkey

pytestmark = pytest.mark.server


class SecuredNats(Nats):
    """A NATS with a user and TLS."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        self._options = options

    def _run(self, command: list[str], log: int, **environ: str) -> object:  # type: ignore[override]
        return super()._run([*command, *self._options], log, **environ)


@contextmanager
def secured(kind: str, folder: Path) -> Iterator[tuple[str, str]]:
    """Start a broker; give its URL, with a place for the login, and the options of the URL."""
    if kind == "nats":
        authority = Authority(folder)
        files = authority.issue("127.0.0.1")
        tls = ("--tls", "--tlscert", str(files.cert), "--tlskey", str(files.key))
        with servers.temporary(SecuredNats("--user", "lumen", "--pass", "s3 cret", *tls)) as nats:
            yield f"tls://{{}}127.0.0.1:{nats.port}", f"?ssl_ca_certs={authority.cert}"
    else:
        with servers.temporary(Valkey(options=("--requirepass", "s3 cret"))) as valkey:
            yield f"redis://{{}}127.0.0.1:{valkey.port}", ""


def source_of(url: str) -> Source:
    source = open_source(Settings(intake_url=url, intake_topic="t"))
    assert source is not None
    return source


@pytest.mark.parametrize(("kind", "login"), [("nats", "lumen:s3%20cret@"), ("redis", ":s3%20cret@")])
async def test_broker_with_a_login_is_taken_in_from_and_a_wrong_one_is_an_outage(
    kind: str, login: str, tmp_path: Path
) -> None:
    with secured(kind, tmp_path) as (url, options):
        source = source_of(url.format(login) + options)
        try:
            await source.open()
            await source.bury([DeadLetter(body=b"{}")])
            assert list(await source.fetch()) == []
        finally:
            await source.close()
        wrong = source_of(url.format(login.replace("s3%20cret", "wr0ng")) + options)
        with pytest.raises(BrokerUnavailable) as caught:
            await wrong.open()
        await wrong.close()
        assert "wr0ng" not in str(caught.value)
        if options:
            stranger = source_of(url.format(login))
            with pytest.raises(BrokerUnavailable, match="certificate"):
                await stranger.open()
            await stranger.close()
