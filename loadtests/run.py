"""A whole load test: starts a service that is meant for it, sends riders, stops it again.

``python -m loadtests.run [--embedded | --host URL] [--out FOLDER] [-- LOCUST'S OWN OPTIONS]``
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from loadtests.pace import DAY_HOURS, PEAK_HOURS

HERE = Path(__file__).resolve().parent
READY_WITHIN_S = 240
ENDS_WITHIN_S = 60


def main(arguments: Sequence[str]) -> int:
    """Run one, and return Locust's exit status: 0 if all was good enough."""
    parser = argparse.ArgumentParser(
        description="Riders against a service of our own.",
        epilog="Further options go to Locust: --rate, --seconds, --times, --ask-only ...; "
        f"all of them: locust -f {HERE.name}/locustfile.py --help",
    )
    parser.add_argument("--territory", default=str(HERE.parent / "territories/la-souterraine"))
    parser.add_argument("--pace", choices=["day", "peak", "steady"], default="peak")
    parser.add_argument("--compress", type=float, default=60)
    parser.add_argument("--dispatchers", type=int, default=1)
    parser.add_argument("--embedded", action="store_true", help="All in one process, no servers.")
    parser.add_argument("--host", help="A service that runs already, on this machine.")
    parser.add_argument("--out", type=Path, help="Folder for report.html and figures as CSV.")
    chosen, further = parser.parse_known_args(arguments)
    command = [sys.executable, "-m", "locust", "-f", str(HERE / "locustfile.py"), "--headless"]
    command += ["--only-summary", "--territory", chosen.territory, "--pace", chosen.pace]
    command += ["--compress", str(chosen.compress)]
    if chosen.out is not None:
        chosen.out.mkdir(parents=True, exist_ok=True)
        command += [f"--html={chosen.out}/report.html", f"--csv={chosen.out}/figures"]
    further = [word for word in further if word != "--"]
    if chosen.host is not None:
        return subprocess.call([*command, "--host", chosen.host, *further])
    with service(chosen) as host:
        return subprocess.call([*command, "--host", host, *further])


@contextmanager
def service(chosen: argparse.Namespace) -> Iterator[str]:
    """Run a service as long as it is needed, and say where it serves."""
    hour = (PEAK_HOURS if chosen.pace == "peak" else DAY_HOURS)[0]
    if chosen.pace == "steady":
        hour = 8
    port = free_port()
    command = [sys.executable, "-m", "services.cli", "up", chosen.territory, "--port", str(port)]
    command += ["--at", f"{hour:02}:00", "--speed", str(chosen.compress)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as data:
        if not chosen.embedded:
            command += ["--real", "--dispatchers", str(chosen.dispatchers), "--data", data]
        # A line for each answer is too much of a good thing here.
        quiet = {"NAVETTE_LOG_LEVEL": "warning", **os.environ}
        process = subprocess.Popen(command, env=quiet)
        try:
            host = f"http://127.0.0.1:{port}"
            wait_until_ready(process, host, "/healthz" if chosen.embedded else "/readyz")
            yield host
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], host: str, path: str) -> None:
    """Wait until a service answers ``GET path`` with 200."""
    end_s = time.monotonic() + READY_WITHIN_S
    while not says_ok(host, path):
        if process.poll() is not None:
            sys.exit(f"the service ended with status {process.returncode}")
        if time.monotonic() > end_s:
            sys.exit(f"the service is not ready after {READY_WITHIN_S} s")
        time.sleep(0.2)


def says_ok(host: str, path: str) -> bool:
    """Tell whether ``GET path`` is answered with 200."""
    connection = http.client.HTTPConnection(urlsplit(host).netloc, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """Return a port on which nothing serves at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
