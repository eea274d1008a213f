"""Compiled code is compiled anew whenever any of its sources changes."""

from __future__ import annotations

import ast

from services.network.kernels import SOURCES
from tests.tidy.tree import PROJECT, python_files

SERVICES = PROJECT / "services"


def test_every_file_with_a_kernel_is_among_the_sources_of_the_cache() -> None:
    with_kernels = set()
    for path in python_files("services"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "kernel" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                with_kernels.add(path.relative_to(SERVICES).as_posix())
    assert with_kernels
    assert with_kernels <= set(SOURCES)


def test_every_source_of_the_cache_is_there() -> None:
    assert [source for source in SOURCES if not (SERVICES / source).is_file()] == []


def test_whatever_kernels_take_constants_from_is_among_the_sources_too() -> None:
    compiled = {source for source in SOURCES if "kernel\ndef" in (SERVICES / source).read_text()}
    own = {source.removesuffix(".py").replace("/", "."): source for source in SOURCES}
    for source in sorted(compiled):
        for node in ast.walk(ast.parse((SERVICES / source).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
                ("services.dispatcher", "services.solver")
            ):
                names = {alias.name for alias in node.names}
                module = (node.module or "").removeprefix("services.")
                named = {f"{module}.{name}" for name in names} | {module}
                assert named & set(own), f"{source} takes {names} from {module}"
