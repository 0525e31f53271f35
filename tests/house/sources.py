"""Every Python file of ours, parsed once."""

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "alphaloop"
FOLDERS = ("src", "tests", "benchmarks", "recipes", "scripts")
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file: its path from the root (posix text), its room ('' outside the package), its syntax tree."""

    path: str
    room: str
    text: str
    tree: ast.Module


@cache
def sources() -> tuple[Source, ...]:
    """All files below the folders of the repository, in order of path."""
    files = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
    return tuple(read(file) for file in files)


@cache
def package() -> tuple[Source, ...]:
    """The files of the package alone."""
    return tuple(source for source in sources() if source.path.startswith("src/alphaloop/"))


def read(file: Path) -> Source:
    path = file.relative_to(ROOT)
    room = path.parts[2] if path.parts[:2] == ("src", "alphaloop") and len(path.parts) > 3 else ""
    text = file.read_text(encoding="utf-8")
    return Source(path.as_posix(), room, text, ast.parse(text))


def modules_imported(tree: ast.Module, *, everywhere: bool) -> set[str]:
    """First names of imported modules: of the top level only, or inside functions too."""
    nodes = list(ast.walk(tree)) if everywhere else list(at_import(tree.body))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in names}


def at_import(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements that run when the module is imported, those under TYPE_CHECKING left out."""
    found = []
    for node in body:
        found.append(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            found += at_import(node.orelse)
        elif isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                found += at_import(getattr(node, name, []))
            for handler in getattr(node, "handlers", []):
                found += at_import(handler.body)
    return found


def dotted(node: ast.expr) -> str:
    """``a.b.c`` of an attribute chain, else ''."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else ""
    return ""
