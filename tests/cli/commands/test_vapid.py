"""`lumen-notify vapid`."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ..conftest import RunCommand


def test_vapid_prints_a_new_key_that_the_server_takes(run_command: RunCommand, tmp_path: Path) -> None:
    first, second = run_command("vapid"), run_command("vapid")
    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout != second.stdout
    assert "LUMEN_PUSH_VAPID_KEY_FILE" in first.stderr
    assert list(tmp_path.iterdir()) == []
    key = tmp_path / "vapid.pem"
    key.write_text(first.stdout)
    public = load_pem_private_key(first.stdout.encode(), password=None).public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shown = run_command("vapid", "--public", LUMEN_PUSH_VAPID_KEY_FILE=str(key))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == base64.urlsafe_b64encode(point).rstrip(b"=").decode() + "\n"


def test_public_key_of_the_database_stays_the_same(run_command: RunCommand) -> None:
    missing = run_command("vapid", "--public")
    assert missing.returncode == 1
    assert missing.stderr.startswith("lumen-notify: No lumen-notify.db")
    run_command("migrate")
    keys = {run_command("vapid", "--public").stdout for _ in range(2)}
    assert len(keys) == 1
    assert re.fullmatch(r"[A-Za-z0-9_-]{87}\n", keys.pop())


def test_file_that_is_no_key_is_named(run_command: RunCommand, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    done = run_command("vapid", "--public", LUMEN_PUSH_VAPID_KEY_FILE="key.pem")
    assert done.returncode == 2
    assert done.stderr.startswith("LUMEN_PUSH_VAPID_KEY_FILE: must contain a private key")
