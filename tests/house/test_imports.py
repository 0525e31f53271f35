"""What may be imported, and when: light at start, nothing that is not declared, no extra unasked."""

import ast
import re
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from tests.house.sources import ROOT, Source, at_import, modules_imported, package

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULE_OF = {
    "alpaca-py": "alpaca", "hyperliquid-python-sdk": "hyperliquid", "psycopg": "psycopg", "scikit-learn": "sklearn",
    "ta-lib": "talib",
}  # fmt: skip
HEAVY = {
    "polars", "pyarrow", "duckdb", "deltalake", "numba", "pandas", "scipy", "sklearn", "torch", "ccxt", "ray",
    "matplotlib",
}  # fmt: skip


def modules(requirements: list[str]) -> set[str]:
    """Import names of requirement lines."""
    names = [re.split(r"[\[<>=;! ]", line)[0].lower() for line in requirements]
    return {MODULE_OF.get(name, name.replace("-", "_")) for name in names}


CORE = modules(PROJECT["dependencies"])
EXTRAS = modules(
    [
        line
        for extra, lines in PROJECT["optional-dependencies"].items()
        if extra not in ("dev", "bench")
        for line in lines
    ]
)
OURS = {"alphaloop", *sys.stdlib_module_names}
NETWORKS = ("src/alphaloop/models/sequence/", "src/alphaloop/models/vc/")
"""Folders of torch modules: a class of torch cannot wait inside a function, so who needs them imports them late."""


@pytest.mark.parametrize("source", package(), ids=lambda source: source.path)
def test_a_module_loads_with_the_core_install(source: Source) -> None:
    """At its top level a module imports core dependencies only; extras wait inside functions."""
    network = {"torch"} if source.path.startswith(NETWORKS) else set()

    assert modules_imported(source.tree, everywhere=False) - OURS - CORE - network == set()


@pytest.mark.parametrize("source", package(), ids=lambda source: source.path)
def test_only_networks_import_networks_at_their_top_level(source: Source) -> None:
    faces = tuple(folder.removeprefix("src/").strip("/").replace("/", ".") for folder in NETWORKS)
    asked = [node.module or "" for node in at_import(source.tree.body) if isinstance(node, ast.ImportFrom)]

    assert source.path.startswith(NETWORKS) or not [name for name in asked if name.startswith(faces)]


def test_everything_imported_is_declared() -> None:
    imported = {(source.path, name) for source in package() for name in modules_imported(source.tree, everywhere=True)}

    assert {(path, name) for path, name in imported if name not in OURS | CORE | EXTRAS} == set()


def test_every_core_dependency_is_used() -> None:
    used = {name for source in package() for name in modules_imported(source.tree, everywhere=True)}
    by_polars = {"pyarrow"}  # polars and deltalake hand their tables over through it

    assert CORE - used - by_polars == set()


def test_the_ground_floor_knows_numpy_and_pydantic_only() -> None:
    imported = {
        name for source in package() if source.room == "core" for name in modules_imported(source.tree, everywhere=True)
    }

    assert imported - OURS - {"numpy", "pydantic"} == set()


def test_inside_a_room_the_sibling_is_imported_not_the_face() -> None:
    """A file never imports a name from the ``__init__`` of a folder it lies in: that is how loops begin."""
    found = []
    for source in package():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom) and f"src/{(node.module or '').replace('.', '/')}/" in source.path:
                found += [
                    f"{source.path}: {node.module}" for alias in node.names if from_a_face(node.module, alias.name)
                ]

    assert [line for line in found if not line.endswith(": alphaloop")] == []  # __version__ lives there


def from_a_face(module: str | None, name: str) -> bool:
    """True when ``module`` is a folder and ``name`` none of its files."""
    folder = ROOT / "src" / str(module).replace(".", "/")
    return folder.is_dir() and not (folder / name).is_dir() and not (folder / f"{name}.py").exists()


def test_the_command_line_starts_light() -> None:
    """``--help`` must not pay for tables and compilers."""
    code = f"import sys, alphaloop.app.cli.main; print(*sorted({HEAVY!r} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (answer.stdout.strip(), answer.stderr) == ("", "")


def test_imports_under_type_checking_do_not_count() -> None:
    tree = ast.parse("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\nelse:\n    import json")

    assert modules_imported(tree, everywhere=False) == {"typing", "json"}
    assert len(at_import(tree.body)) == 3
