"""What is under `deploy/`, rendered and held against the schemas of what it is for."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration import schemas

jsonschema = pytest.importorskip("jsonschema")

pytestmark = pytest.mark.usefixtures("real_servers")

KUBERNETES = "1.34"
RENDERED = ("base", "overlays/production")


@pytest.fixture(scope="session")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("schemas of other people's resources come from Go modules; there is no go here")
    folder = tmp_path_factory.mktemp("schemas")
    schemas.fetch(folder)
    return folder


def rendered(project: Path, name: str) -> list[dict[str, Any]]:
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]) is not None:
            folder = str(project / "deploy" / "k8s" / name)
            done = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return list(yaml.safe_load_all(done.stdout))
    pytest.skip("neither kustomize nor kubectl is here to render with")


def is_own(document: dict[str, Any]) -> bool:
    """Whether Kubernetes itself knows such a resource."""
    group = document["apiVersion"].partition("/")[0]
    return "." not in group or group.endswith(".k8s.io")


@pytest.mark.parametrize("name", RENDERED)
def test_kubernetes_takes_its_own_resources(project: Path, name: str) -> None:
    own = [document for document in rendered(project, name) if is_own(document)]
    assert own
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    for document in own:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_operators_take_their_resources(project: Path, fetched: Path) -> None:
    known = {kind: schema for file in fetched.glob("*.yaml") for kind, schema in of_file(file)}
    others = [one for one in rendered(project, "overlays/production") if not is_own(one)]
    assert {one["kind"] for one in others} == {kind for _, kind in known}
    for document in others:
        jsonschema.validate(document, known[document["apiVersion"], document["kind"]])


def of_file(file: Path) -> Iterator[tuple[tuple[str, str], Any]]:
    definition = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
    for version in definition["versions"]:
        api = f"{definition['group']}/{version['name']}"
        schema = version["schema"]["openAPIV3Schema"]
        # Kubernetes fills these in, and looks at them itself.
        schema["properties"]["metadata"] = {"x-kubernetes-preserve-unknown-fields": True}
        yield (api, definition["names"]["kind"]), closed(schema)


def closed(schema: Any) -> Any:
    """A schema that takes no field that it does not know: Kubernetes would drop it, unsaid."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    open_to_all = schema.get("x-kubernetes-preserve-unknown-fields")
    if isinstance(schema.get("properties"), dict) and not open_to_all:
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return made


def test_compose_takes_its_file(project: Path, fetched: Path) -> None:
    schema = json.loads((fetched / "compose-spec.json").read_text(encoding="utf-8"))
    compose = yaml.safe_load((project / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(compose)
