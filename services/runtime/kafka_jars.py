"""Apache Kafka's jars, from Maven Central, once for all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from services.domain.errors import Unavailable
from services.network.cache_folder import cache_folder
from services.runtime.local_server import NotInstalled

VERSION = "4.3.1"
BROKER = f"org.apache.kafka:kafka_2.13:{VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl"
"""What the broker logs through, in the version of the logger that it brings along itself."""
LOGGER = "log4j-core"
MIRROR = "NAVETTE_MAVEN"
"""Environment variable: where to fetch from instead of Maven Central."""
TIMEOUT_S = 60


def kafka_jars(say: Callable[[str], None]) -> Path:
    """Return the folder that holds Kafka's jars; fetch them the first time.

    Parameters
    ----------
    say
        Takes a line for the person who waits.

    Raises
    ------
    Unavailable
        If they cannot be fetched.
    """
    folder = cache_folder() / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Whoever comes second waits for the first. A lock on a file ends with its process.
    with closing(os.fdopen(os.open(folder.with_suffix(".lock"), os.O_CREAT | os.O_RDWR))) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            say(f"Fetching Apache Kafka {VERSION} (45 MB, once; some 20 s) ...")
            _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    """Fetch all jars, whole or not at all."""
    # A fetch that was cut short left files that nobody can trust: begin anew.
    repository = folder.with_suffix(".fetched")
    made = folder.with_suffix(".new")
    shutil.rmtree(repository, ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    try:
        for jar in _resolve(repository):
            os.link(jar, made / jar.name)
    except NotInstalled:
        raise
    except Exception as error:  # what the resolver raises is nowhere listed
        reason = " ".join(str(error).split()) or type(error).__name__
        raise Unavailable(
            f"Apache Kafka's jars cannot be fetched from Maven Central ({reason[:300]}); "
            f"a mirror's address can be given as {MIRROR}"
        ) from error
    made.rename(folder)
    shutil.rmtree(repository)


def _resolve(repository: Path) -> list[Path]:
    """Fetch what is wanted and all that it needs."""
    try:
        from jgo.maven import MavenContext, PythonResolver
    except ImportError:
        raise NotInstalled("jgo") from None
    mirror = os.environ.get(MIRROR)
    context = MavenContext(
        resolver=PythonResolver(),
        repo_cache=repository,
        remote_repos={"central": mirror.rstrip("/")} if mirror else None,
        timeout=TIMEOUT_S,
    )
    inputs, further = context.resolver.resolve([context.create_dependency(BROKER)])
    artifacts = [found.artifact for found in (*inputs, *further)]
    # Asked for apart: in one question its own wishes would choose the broker's libraries.
    logger = next(artifact.version for artifact in artifacts if artifact.artifactId == LOGGER)
    artifacts.append(context.create_dependency(f"{LOGGING}:{logger}").artifact)
    return [Path(artifact.resolve()) for artifact in artifacts]
