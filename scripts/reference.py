"""Write docs/reference: one page a room, made from docstrings and signatures.

Reads the source as text, so it needs no import, no network and nothing installed.
"""

import ast
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "alphaloop"
PAGES = ROOT / "docs" / "reference"
Documented = ast.ClassDef | ast.FunctionDef


def main() -> None:
    """Replace all pages."""
    shutil.rmtree(PAGES, ignore_errors=True)
    PAGES.mkdir(parents=True)
    (PAGES / ".gitignore").write_text("*\n!.gitignore\n")
    rooms = sorted(folder for folder in PACKAGE.iterdir() if (folder / "__init__.py").exists())
    for room in rooms:
        text = "\n\n".join(block for file in sorted(room.rglob("*.py")) for block in module(file))
        (PAGES / f"{room.name}.md").write_text(text + "\n", encoding="utf-8")
    print(f"docs/reference: {len(rooms)} pages")


def module(file: Path) -> Iterator[str]:
    """The module's own words, then its public classes and functions in reading order."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    yield f"# {'.'.join(part for part in parts if part != '__init__')}"
    yield prose(tree)
    for node in tree.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield from entry(node, "##")


def entry(node: Documented, level: str) -> Iterator[str]:
    """One class or function, with the public methods of the class."""
    yield f"{level} {node.name}"
    yield f"```python\n{signature(node)}\n```"
    yield prose(node)
    if isinstance(node, ast.ClassDef):
        for one in node.body:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                yield from entry(one, level + "#")


def signature(node: Documented) -> str:
    """The line one would type, and the fields of a record."""
    if isinstance(node, ast.FunctionDef):
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"def {node.name}({ast.unparse(node.args)}){result}"
    fields = [ast.unparse(one) for one in node.body if isinstance(one, ast.AnnAssign)]
    bases = f"({', '.join(ast.unparse(base) for base in node.bases)})" if node.bases else ""
    return "\n    ".join([f"class {node.name}{bases}:", *fields])


def prose(node: Documented | ast.Module) -> str:
    """The docstring as it stands, in a block that keeps its tables and examples."""
    text = ast.get_docstring(node) or ""
    first, _, rest = text.partition("\n\n")
    return first if not rest else f"{first}\n\n```text\n{textwrap.dedent(rest)}\n```"


if __name__ == "__main__":
    main()
