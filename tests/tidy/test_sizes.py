"""Long modules and long functions are where code bases of this field went wrong: watch the tail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.tree import name_of, python_files

MODULE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 6
# Names that say nothing of what a module is about, and so collect everything.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "base", "misc"}
# A compiled kernel takes arrays, not objects; a command takes one parameter an option; a route of
# the gateway takes one a header or field. Their callers never write these arguments in a row.
KERNELS = {"kernel", "array_kernel", "inner_kernel", "inlined_kernel"}
BY_NAME_ELSEWHERE = KERNELS | {"command", "option", "argument", "get", "post", "delete"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def lines_of(function: Function) -> int:
    """Lines from the signature to the end; a docstring is free, since it should be long enough."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def decorators(function: Function) -> set[str]:
    found = set()
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def parameters(function: Function) -> int:
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(parameter.arg not in {"self", "cls"} for parameter in named)


def test_no_module_is_longer_than_400_lines() -> None:
    long = {
        name_of(path): lines
        for path in python_files("services", "tests", "benchmarks", "loadtests", "territories")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES_MAX
    }
    assert long == {}, f"split these by what they are about: {long}"


def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name_of(path)}:{function.lineno} {function.name}": lines
        for path in python_files("services", "tests", "benchmarks", "loadtests", "territories")
        for function in functions(path)
        if (lines := lines_of(function)) > FUNCTION_LINES_MAX
    }
    assert long == {}, f"give the steps of these their names: {long}"


def test_no_function_takes_more_than_6_parameters() -> None:
    wide = {
        f"{name_of(path)}:{function.lineno} {function.name}": count
        for path in python_files("services", "benchmarks", "loadtests")
        for function in functions(path)
        if not decorators(function) & BY_NAME_ELSEWHERE
        if (count := parameters(function)) > PARAMETERS_MAX
    }
    assert wide == {}, f"some of these belong together in a value: {wide}"


def test_every_module_is_named_for_what_it_is_about() -> None:
    empty = [
        name_of(path)
        for path in python_files("services", "tests", "benchmarks", "loadtests")
        if path.stem in EMPTY_NAMES or path.parent.name in EMPTY_NAMES
    ]
    assert empty == []
