"""Fixtures for auth: a manual clock, a key pair of each type, and a key server that can fail."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lumen_notify.model import now_ms


@dataclass(slots=True)
class Clock:
    """A manual clock. ms: milliseconds since 1970."""

    ms: int = field(default_factory=now_ms)

    def __call__(self) -> int:
        return self.ms

    @property
    def seconds(self) -> int:
        return self.ms // 1000


class Pair:
    """A key pair of one type: signs tokens, and has its public key in PEM and as a JWK."""

    def __init__(self, algorithm: str, kid: str = "one") -> None:
        self.algorithm = algorithm
        self.kid = kid
        kinds: dict[str, Callable[[], Any]] = {
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }
        self.private = kinds[algorithm]()
        public = self.private.public_key()
        self.pem: bytes = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.jwk: dict[str, Any] = {
            **jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True),
            "kid": kid,
            "use": "sig",
            "alg": algorithm,
        }

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(
            claims, self.private, algorithm=self.algorithm, headers={"kid": self.kid, **headers}
        )


class KeyServer:
    """Serves a JWK set over HTTP. `status`, `body` and `hang` make it fail; `fetches` counts requests."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.fetches = 0
        self.is_asked = threading.Event()
        self.release = threading.Event()
        self.release.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.fetches += 1
                outer.is_asked.set()
                outer.release.wait(60)
                self.send_response(outer.status)
                self.send_header("Content-Length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *args: object) -> None:
                pass

        class QuietServer(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client may disconnect

        self._server = QuietServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def hang(self) -> None:
        self.release.clear()

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def pairs() -> dict[str, Pair]:
    return {algorithm: Pair(algorithm) for algorithm in ("RS256", "ES256", "EdDSA")}


@pytest.fixture
def key_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyServer]:
    monkeypatch.setenv("no_proxy", "*")
    server = KeyServer()
    yield server
    server.close()
