"""Certificates: self-signed ones, in files."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate and its key. serial: the certificate's number."""

    cert: Path
    key: Path
    serial: int

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments of `lumen-notify serve`."""
        return ("--tls-cert", str(self.cert), "--tls-key", str(self.key))


def make_certificate(
    folder: Path, *, begins_in_days: int = -1, ends_in_days: int = 2, password: bytes | None = None
) -> CertificateFiles:
    """Write a certificate for the loopback address, in place of an earlier one."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins_in_days))
        .not_valid_after(now + timedelta(days=ends_in_days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    encryption: KeySerializationEncryption = NoEncryption()
    if password is not None:
        encryption = BestAvailableEncryption(password)
    files = CertificateFiles(folder / "cert.pem", folder / "key.pem", cert.serial_number)
    files.cert.write_bytes(cert.public_bytes(Encoding.PEM))
    files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return files
