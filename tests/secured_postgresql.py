"""A PostgreSQL with passwords, reached by TCP, with roles that may not do everything; TLS in front of it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from servers import PostgreSQL, free_port, run_sql

PASSWORD = "right-hunter2"

# `stranger` has a role and no line.
_HBA = """
local   all all            trust
host    all locked  127.0.0.1/32 scram-sha-256
host    all app     127.0.0.1/32 trust
host    all reader  127.0.0.1/32 trust
"""


class SecuredPostgreSQL(PostgreSQL):
    """A server with these roles, none of which may create databases or write to others' schemas.

    app, reader: let in as they are. locked: by PASSWORD. stranger: not at all. It has no TLS: see `tls_to`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.port = free_port()
        self.more_settings = {"listen_addresses": "127.0.0.1", "port": str(self.port)}

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases, as its owner, by the socket."""
        return f"{super().url(database)}&port={self.port}"

    def url_of(self, login: str, database: str, query: str = "") -> str:
        """Return the address by TCP. login: a role, or role:password."""
        return f"postgresql://{login}@127.0.0.1:{self.port}/{database}{query and '?' + query}"

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        return self.create_database().partition("?")[0].rpartition("/")[2]

    def create_roles(self) -> None:
        """Create the roles."""
        for name in ("app", "reader", "stranger"):
            run_sql(self.url(), f"CREATE ROLE {name} LOGIN")
        run_sql(self.url(), f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'")

    def _init(self, log: int) -> None:
        super()._init(log)
        (self._data / "pg_hba.conf").write_text(_HBA)


SSL_REQUEST = bytes.fromhex("0000000804d2162f")
"""What a client sends first that wants TLS (postgresql.org/docs/current/protocol-message-formats.html)."""


@asynccontextmanager
async def tls_to(port: int, folder: Path) -> AsyncIterator[tuple[int, Path]]:
    """Offer TLS in front of a server. Give the port, and the file of the certificate, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both = folder / "key-and-certificate.pem"
    certificate = folder / "certificate.pem"
    certificate.write_bytes(_certificate(key).public_bytes(Encoding.PEM))
    both.write_bytes(pem + certificate.read_bytes())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(both)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(8) == SSL_REQUEST
            writer.write(b"S")
            await writer.start_tls(context)
            behind_reader, behind = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pump(reader, behind), _pump(behind_reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client does not trust the certificate
        finally:
            writer.close()

    serving: set[asyncio.Task[None]] = set()
    front = await asyncio.start_server(
        lambda *streams: serving.add(asyncio.create_task(serve(*streams))), "127.0.0.1", 0
    )
    async with front:
        yield front.sockets[0].getsockname()[1], certificate
        await asyncio.gather(*serving)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Make a certificate of the loopback address that is its own authority."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a PostgreSQL of the tests")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
