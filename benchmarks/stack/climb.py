"""How many ride requests a second the real stack answers, beside a bare echo of the same shape.

Both run here, one after the other, on a Kafka and a PostgreSQL of their own, under the same Locust:
``steady`` riders who wait for their answer and go away, at rates that grow until it saturates.
A service is saturated when it answers less than nine tenths of what is asked, or in over a second.
Beside that it says how much processor time each part took for an answer, which depends less on
what else the machine does.
"""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from prometheus_client.parser import text_string_to_metric_families

from benchmarks._measuring import options
from benchmarks.stack import echo_service
from loadtests.run import free_port, service, wait_until_ready
from services.runtime.child import Child
from services.runtime.local_kafka import LocalKafka
from services.runtime.local_postgres import LocalPostgres
from services.runtime.local_server import LocalServer, start

RATES = (50, 100, 200, 500, 600, 700, 800, 1000, 1200, 1500, 2000)
SATURATED_SHARE = 0.9
SATURATED_P99_MS = 1000
LOCUST = Path(__file__).resolve().parents[2] / "loadtests" / "locustfile.py"


class Figure(NamedTuple):
    """What came of one rate."""

    asked: int
    answered: float
    p50_ms: float
    p99_ms: float
    failed: int
    cpu_ms: Mapping[str, float]

    @property
    def saturated(self) -> bool:
        """Whether it is too much."""
        behind = self.answered < SATURATED_SHARE * self.asked
        return behind or self.p99_ms > SATURATED_P99_MS


def many_shuttles(territory: Path, times: int, into: Path, *, batteries: bool = True) -> Path:
    """Copy a territory, with so many times its shuttles and nobody to watch over them.

    Without ``batteries`` they drive for ever.
    """
    shutil.copytree(territory, into)
    settings = yaml.safe_load((into / "territory.yaml").read_text(encoding="utf-8"))
    for group in settings["fleet"]:
        group["count"] *= times
        if not batteries:
            group.pop("battery", None)
    settings.pop("supervision", None)
    if not batteries:
        settings.pop("chargers", None)
    (into / "territory.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return into


def measure(host: str, territory: Path, rate: int, seconds: float) -> Figure:
    """Ask at a rate for some seconds."""
    before = cpu_times_s()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "locust", "-f", str(LOCUST), "--headless"]
        command += ["--only-summary", "--host", host, "--territory", str(territory)]
        command += ["--pace", "steady", "--rate", str(rate), "--seconds", str(seconds)]
        command += ["--compress", "1", "--ask-only", "--csv", f"{folder}/figures"]
        subprocess.run(command, check=False, capture_output=True)
        with Path(folder, "figures_stats.csv").open(encoding="utf-8", newline="") as rows:
            row = next(row for row in csv.DictReader(rows) if row["Name"] == "answer")
    failed, count = int(row["Failure Count"]), int(row["Request Count"])
    return Figure(
        asked=rate,
        answered=(count - failed) / seconds,
        p50_ms=float(row["50%"]),
        p99_ms=float(row["99%"]),
        failed=failed,
        cpu_ms={
            part: 1000 * (spent_s - before.get(part, 0.0)) / max(1, count - failed)
            for part, spent_s in cpu_times_s().items()
        },
    )


def cpu_times_s() -> dict[str, float]:
    """Return how much processor time each part has taken so far."""
    spent: dict[str, float] = {}
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            times = process.cpu_times()
            part = part_of(process)
            spent[part] = spent.get(part, 0.0) + times.user + times.system
    return spent


def part_of(process: psutil.Process) -> str:
    """Return what a process is a part of."""
    name = str(process.name())
    words = list(process.cmdline())
    if name in ("java", "postgres"):
        return {"java": "kafka"}.get(name, name)
    for before in ("serve", "benchmarks.stack.echo_service"):
        if before in words:
            return str(words[words.index(before) + 1])
    return "others"


def climb(name: str, host: str, territory: Path, seconds: float) -> list[Figure]:
    """Ask ever more often, until it is too much."""
    measure(host, territory, RATES[0], seconds)  # warms up, and counts for nothing
    figures = []
    for rate in RATES:
        figure = measure(host, territory, rate, seconds)
        figures.append(figure)
        print(
            f"{name:8} {rate:6}/s asked, {figure.answered:7.1f}/s answered, "
            f"p50 {figure.p50_ms:6.0f} ms, p99 {figure.p99_ms:6.0f} ms, {figure.failed} failed; "
            "processor ms per answer: "
            + ", ".join(f"{part} {ms:.1f}" for part, ms in sorted(figure.cpu_ms.items())),
            flush=True,
        )
        if figure.saturated:
            break
    return figures


@contextmanager
def local(server: LocalServer) -> Iterator[Child]:
    """Run a server as long as it is needed."""
    child = asyncio.run(start(server))
    try:
        yield child
    finally:
        asyncio.run(child.stop())


@contextmanager
def bare_echo(folder: Path) -> Iterator[str]:
    """Run the echo as long as it is needed, and say where it serves."""
    kafka, port = LocalKafka(folder / "kafka", free_port()), free_port()
    postgres = LocalPostgres(folder / "postgres", free_port())
    with ExitStack() as stack:
        stack.enter_context(local(kafka))
        stack.enter_context(local(postgres))
        asyncio.run(make_topics(kafka))
        told = {
            echo_service.KAFKA: kafka.address,
            echo_service.DATABASE: postgres.url(),
            echo_service.PORT: str(port),
        }
        for part in ("back", "front"):
            command = [sys.executable, "-m", "benchmarks.stack.echo_service", part]
            process = subprocess.Popen(command, env={**os.environ, **told})
            stack.callback(process.wait)
            stack.callback(process.terminate)
        host = f"http://127.0.0.1:{port}"
        wait_until_ready(process, host, "/")
        yield host


async def make_topics(kafka: LocalKafka) -> None:
    """Make the echo's two topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    try:
        names = (echo_service.ASKED, echo_service.ANSWERED)
        await admin.create_topics(
            [NewTopic(name, num_partitions=1, replication_factor=1) for name in names]
        )
    finally:
        await admin.close()


def offered_share(host: str) -> float:
    """Return how many of a gateway's answers so far were offers; the others were refusals."""
    with urllib.request.urlopen(f"{host}/metrics") as page:
        text = page.read().decode()
    answers = {
        sample.labels["outcome"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "navette_ride_requests_total"
    }
    offered = answers.get("offered", 0.0)
    return offered / max(1.0, offered + answers.get("refused", 0.0))


def best(figures: Sequence[Figure]) -> float:
    """Return the most that was answered in a second."""
    return max(figure.answered for figure in figures)


def main() -> None:
    """Measure both and compare."""
    parser = options(__doc__.split("\n", 1)[0] if __doc__ else "")
    demo = Path(__file__).resolve().parents[2] / "territories" / "la-souterraine"
    parser.add_argument("--territory", type=Path, default=demo)
    parser.add_argument("--fleet-times", type=int, default=10, help="so many times its shuttles")
    parser.add_argument("--seconds", type=float, default=15, help="for each rate")
    parser.add_argument("--dispatchers", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        territory = many_shuttles(chosen.territory, chosen.fleet_times, Path(folder) / "territory")
        with bare_echo(Path(folder)) as host:
            echo = climb("echo", host, territory, chosen.seconds)
        wanted = Namespace(
            territory=str(territory),
            pace="steady",
            compress=1,
            dispatchers=chosen.dispatchers,
            embedded=False,
        )
        with service(wanted) as host:
            ours = climb("navette", host, territory, chosen.seconds)
            offered = offered_share(host)
    print(f"most answered: navette {best(ours):.0f}/s, echo {best(echo):.0f}/s: ", end="")
    print(f"{best(ours) / best(echo):.2f} of the echo's")
    print(f"of the answers {offered:.0%} were offers, the others refusals, each with its reason")
    half = [figure for figure in ours if figure.asked <= best(ours) / 2]
    if half:
        print(f"p99 at half of saturation ({half[-1].asked}/s): {half[-1].p99_ms:.0f} ms")


if __name__ == "__main__":
    main()
