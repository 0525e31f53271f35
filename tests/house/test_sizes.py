"""Sizes at which we stop: a file, a function, a class, a folder one can still hold in the head."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from tests.house.sources import Function, Source, sources

LIMITS = {"lines": 600, "function lines": 80, "public methods": 10, "parameters": 7, "nesting": 4, "files": 15}

# (kind, path or path::name) -> why it may be larger, and how large. Empty is best.
EXCEPTIONS: dict[tuple[str, str], tuple[int, str]] = {
    ("parameters", "src/alphaloop/app/cli/backtest.py::run"): (
        28,
        "the options of a command are the parameters of its function: typer reads them there",
    ),
    ("parameters", "src/alphaloop/app/cli/data.py::simulate"): (
        8,
        "the options of a command are the parameters of its function: typer reads them there",
    ),
    ("parameters", "src/alphaloop/app/cli/evaluate.py::controls"): (
        8,
        "the options of a command are the parameters of its function: typer reads them there",
    ),
    ("parameters", "src/alphaloop/app/cli/features.py::build"): (
        8,
        "the options of a command are the parameters of its function: typer reads them there",
    ),
    ("parameters", "src/alphaloop/app/cli/train/vc.py::run_vc"): (
        15,
        "the options of a command are the parameters of its function: typer reads them there",
    ),
    ("files", "benchmarks"): (
        20,
        "one script for each thing that is measured: make bench runs the folder, and all share the rounds beside them",
    ),
    ("public methods", "tests/reference/simulator.py::SlowVenue"): (
        30,
        "one method for each rule of docs/fills.md, to be read beside it",
    ),
}

BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)


class Size(NamedTuple):
    kind: str
    where: str
    value: int


def measure(source: Source) -> Iterator[Size]:
    yield Size("lines", source.path, source.text.count("\n"))
    for node in ast.walk(source.tree):
        if isinstance(node, Function):
            where = f"{source.path}::{node.name}"
            yield Size("function lines", where, body_lines(node))
            yield Size("parameters", where, parameters(node))
            yield Size("nesting", where, nesting(node))
        elif isinstance(node, ast.ClassDef):
            yield Size("public methods", f"{source.path}::{node.name}", public_methods(node))


def body_lines(node: Function) -> int:
    """Lines from ``def`` to the end, the docstring not counted."""
    first = node.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    docstring = (first.end_lineno or 0) - first.lineno + 1 if documented else 0
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def parameters(node: Function) -> int:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([one for one in every if one.arg not in ("self", "cls")])


def public_methods(node: ast.ClassDef) -> int:
    """Verbs of the class; a property is a fact, like a field."""
    verbs = [one for one in node.body if isinstance(one, Function) and not one.name.startswith("_")]
    return len([one for one in verbs if not any("property" in ast.dump(mark) for mark in one.decorator_list)])


def nesting(node: ast.AST) -> int:
    """Blocks inside blocks; an ``elif`` stands beside its ``if``, not inside it."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        elif_ = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        opens = isinstance(child, BLOCKS) and not elif_
        deepest = max(deepest, int(opens) + nesting(child))
    return deepest


def folders() -> Iterator[Size]:
    count = Counter(PurePosixPath(source.path).parent.as_posix() for source in sources())
    for folder, files in count.items():
        yield Size("files", folder, files)


def too_large(sizes: Iterator[Size]) -> list[str]:
    found = []
    for size in sizes:
        allowed, _ = EXCEPTIONS.get((size.kind, size.where), (LIMITS[size.kind], ""))
        if size.value > allowed:
            found.append(f"{size.where}: {size.value} {size.kind}, stop at {allowed}")
    return found


def test_files_functions_and_classes_stay_small() -> None:
    assert too_large(size for source in sources() for size in measure(source)) == []


def test_folders_stay_small() -> None:
    assert too_large(folders()) == []


def test_each_exception_is_needed_and_says_why() -> None:
    measured: dict[tuple[str, str], int] = {}
    for size in [*(size for source in sources() for size in measure(source)), *folders()]:
        key = (size.kind, size.where)
        measured[key] = max(size.value, measured.get(key, 0))
    idle = [key for key, (_, why) in EXCEPTIONS.items() if measured.get(key, 0) <= LIMITS[key[0]] or len(why) < 20]

    assert idle == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("def f(a, b, *, c): ...", "parameters", 3),
        ("class A:\n    def a(self): ...\n    def _b(self): ...", "public methods", 1),
        ("def f():\n    if 1:\n        for x in y:\n            pass\n    elif 2:\n        pass", "nesting", 2),
        ('def f():\n    """Two\n    lines."""\n    return 1', "function lines", 2),
    ],
)
def test_the_ruler(text: str, kind: str, value: int) -> None:
    sizes = measure(Source("x.py", "", text, ast.parse(text)))

    assert next(size.value for size in sizes if size.kind == kind) == value
