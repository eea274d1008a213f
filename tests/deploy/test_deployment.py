"""What is under `deploy/` says the same as the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.runtime.kafka_connection import RECORD_BYTES_MAX
from services.runtime.kafka_membership import GROUP
from services.runtime.settings import KafkaSettings, ServeSettings, Settings
from services.wire.topics import Topic

SETTINGS = {
    f"NAVETTE_{name.upper()}"
    for kind in (KafkaSettings, ServeSettings, Settings)
    for name in kind.model_fields
}
SETTINGS |= {"NAVETTE_CACHE", "NAVETTE_DB_PASSWORD"}


@pytest.fixture
def deploy(project: Path) -> Path:
    return project / "deploy"


def documents(folder: Path) -> Iterator[Any]:
    for file in sorted(folder.rglob("*.yaml")):
        yield from yaml.safe_load_all(file.read_text(encoding="utf-8"))


def of_kind(folder: Path, kind: str) -> list[Any]:
    found = documents(folder)
    return [one for one in found if isinstance(one, dict) and one.get("kind") == kind]


def pods(folder: Path) -> Iterator[Any]:
    for kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
        for one in of_kind(folder, kind):
            spec = one["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else one["spec"]
            yield spec["template"]["spec"]


def test_brokers_let_navette_use_every_topic_and_its_group_and_nothing_else(deploy: Path) -> None:
    (user,) = of_kind(deploy / "k8s", "KafkaUser")
    allowed: dict[str, set[str]] = {}
    for rule in user["spec"]["authorization"]["acls"]:
        allowed.setdefault(rule["resource"]["type"], set()).add(rule["resource"]["name"])
    assert allowed == {"topic": {topic.value for topic in Topic}, "group": {GROUP}}


def test_there_are_never_more_dispatchers_than_shards(deploy: Path) -> None:
    (scaled,) = of_kind(deploy / "k8s", "ScaledObject")
    base = yaml.safe_load((deploy / "k8s" / "base" / "kustomization.yaml").read_text())
    literals = dict(one.split("=", 1) for one in base["configMapGenerator"][0]["literals"])
    assert scaled["spec"]["maxReplicaCount"] <= int(literals["NAVETTE_PARTITIONS"])


def test_every_pod_is_restricted_and_writes_only_where_it_may(deploy: Path) -> None:
    found = list(pods(deploy / "k8s"))
    assert len(found) == 5
    for pod in found:
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] is True
            assert rights["allowPrivilegeEscalation"] is False
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert {"requests", "limits"} <= set(container["resources"])


def test_every_setting_that_is_set_exists(deploy: Path) -> None:
    files = [*deploy.rglob("*.yaml"), deploy / "Dockerfile"]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    said = (line for line in lines if not line.lstrip().startswith("#"))
    assert {name for line in said for name in re.findall(r"NAVETTE_[A-Z_]+", line)} <= SETTINGS


def test_brokers_take_our_longest_message(deploy: Path) -> None:
    (kafka,) = of_kind(deploy / "k8s", "Kafka")
    assert kafka["spec"]["kafka"]["config"]["message.max.bytes"] == RECORD_BYTES_MAX
    compose = yaml.safe_load((deploy / "compose.yaml").read_text(encoding="utf-8"))
    assert compose["services"]["kafka"]["environment"]["KAFKA_MESSAGE_MAX_BYTES"] == (
        RECORD_BYTES_MAX
    )
