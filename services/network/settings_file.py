"""YAML files that people write, read so that every complaint names the line and the field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.domain.errors import InvalidFile
from services.network.rows import read_text

BYTES_MAX = 4 << 20

_Model = TypeVar("_Model", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Safe YAML with three traps closed.

    ``22:00`` is text, not the number 1320 of YAML 1.1; nothing may be repeated by reference, which
    is how small files become huge; and a key may be given only once.
    """

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="references (*name) are not used here", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        mapping: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in mapping.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key '{key.value}' is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return mapping


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789")
)


def read_settings(path: Path, model: type[_Model]) -> _Model:
    """Read a YAML file into its model.

    Raises
    ------
    InvalidFile
        With the line and the path of the first key that is wrong.
    """
    root = _compose(path)
    content = _content(path, root)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise key_error(path, root, first["loc"], _reason(first)) from None


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values, whatever they are.

    Raises
    ------
    InvalidFile
        If it is none.
    """
    return _content(path, _compose(path))


def field_error(path: Path, field: Sequence[str | int], reason: str) -> InvalidFile:
    """Build the error about one key of a file that reads well otherwise."""
    return key_error(path, _compose(path), field, reason)


def key_error(path: Path, root: yaml.Node, field: Sequence[str | int], reason: str) -> InvalidFile:
    """Build the error about one key: the line is where the key stands, or should."""
    node, line = root, 1
    for step in field:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                break
            line = found[0].start_mark.line + 1
            node = found[1]
    return InvalidFile(path, reason, line=line, field=".".join(map(str, field)) or None)


def _content(path: Path, root: yaml.Node) -> dict[str, Any]:
    try:
        content = _Loader("").construct_document(root)
    except (yaml.YAMLError, ValueError) as error:
        raise _yaml_error(path, error) from None
    if not isinstance(content, dict):
        raise InvalidFile(path, "must hold keys and values, like 'name: ...'", line=1)
    return content


def _compose(path: Path) -> yaml.Node:
    text = read_text(path)
    if len(text) > BYTES_MAX:
        raise InvalidFile(path, f"is larger than {BYTES_MAX >> 20} MiB")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, ValueError) as error:
        raise _yaml_error(path, error) from None
    except RecursionError:
        raise InvalidFile(path, "is nested too deeply") from None
    if root is None:
        raise InvalidFile(path, "is empty", line=1)
    return root


def _yaml_error(path: Path, error: Exception) -> InvalidFile:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return InvalidFile(
            path,
            error.problem or error.context or "is not YAML",
            line=None if mark is None else mark.line + 1,
        )
    return InvalidFile(path, f"is not YAML: {error}")


def _reason(error: Any) -> str:
    match error["type"]:
        case "missing":
            return "this key is missing"
        case "extra_forbidden":
            return "there is no such key"
        case "string_type":
            return "must be text (put a number in quotes)"
    message: str = error["msg"]
    return message.removeprefix("Value error, ")
