"""The certificate: what is wrong with it is told in one line, and a renewed one is used without a restart."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from certificates import CertificateFiles, make_certificate
from lumen_notify.cli.tls import CERT, KEY, Certificate, certificate
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import Settings


def use(files: CertificateFiles) -> Certificate:
    return Certificate(files.cert, files.key, offers_http2=True)


def no_file(folder: Path) -> CertificateFiles:
    files = make_certificate(folder)
    files.cert.unlink()
    return files


def folder_instead(folder: Path) -> CertificateFiles:
    files = no_file(folder)
    files.cert.mkdir()
    return files


def no_certificate(folder: Path) -> CertificateFiles:
    files = make_certificate(folder)
    files.cert.write_text("not PEM")
    return files


def no_key_file(folder: Path) -> CertificateFiles:
    files = make_certificate(folder)
    files.key.unlink()
    return files


def no_key(folder: Path) -> CertificateFiles:
    files = make_certificate(folder)
    files.key.write_text("not PEM")
    return files


def key_of_another(folder: Path) -> CertificateFiles:
    files = make_certificate(folder)
    cert = files.cert.read_bytes()
    make_certificate(folder)
    files.cert.write_bytes(cert)
    return files


PROBLEMS: list[tuple[Callable[[Path], CertificateFiles], str, str]] = [
    (no_file, CERT, "cert.pem cannot be read: No such file or directory"),
    (folder_instead, CERT, "cert.pem cannot be read: Is a directory"),
    (no_certificate, CERT, "cert.pem has no certificate in PEM format"),
    (lambda folder: make_certificate(folder, begins_in_days=-9, ends_in_days=-2), CERT, "has expired"),
    (lambda folder: make_certificate(folder, begins_in_days=1), CERT, "is not valid yet"),
    (no_key_file, KEY, "key.pem cannot be read: No such file or directory"),
    (no_key, KEY, "key.pem has no private key in PEM format"),
    (key_of_another, KEY, "is not the key of the certificate"),
    (lambda folder: make_certificate(folder, password=b"secret"), KEY, "has a password"),
]


@pytest.mark.parametrize(("made", "name", "problem"), PROBLEMS, ids=[problem for *_, problem in PROBLEMS])
def test_each_problem_names_the_setting_and_the_file(
    tmp_path: Path, made: Callable[[Path], CertificateFiles], name: str, problem: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        use(made(tmp_path))
    ((named, text),) = caught.value.problems
    assert named == name
    assert problem in text
    assert "\n" not in text


def test_settings_without_a_certificate_have_none() -> None:
    assert certificate(Settings()) is None


def served_serial(context: ssl.SSLContext) -> bytes:
    """Return the certificate that a context sends, after a handshake in memory."""
    client_context = ssl.create_default_context()
    client_context.check_hostname = False
    client_context.verify_mode = ssl.CERT_NONE
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up)
    server = context.wrap_bio(up, down, server_side=True)
    for end in (client, server, client, server):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue
    sent = client.getpeercert(binary_form=True)
    assert sent is not None
    return sent


def test_renewed_certificate_is_used_for_new_connections(tmp_path: Path) -> None:
    used = use(make_certificate(tmp_path))
    before = served_serial(used.context)
    make_certificate(tmp_path)
    assert served_serial(used.context) == before
    used.reload()
    assert served_serial(used.context) != before


def test_renewed_certificate_that_cannot_be_used_is_logged_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    used = use(make_certificate(tmp_path))
    before = served_serial(used.context)
    no_key(tmp_path)
    used.reload()
    assert served_serial(used.context) == before
    assert "The certificate was not renewed: LUMEN_TLS_KEY_FILE" in caplog.text
