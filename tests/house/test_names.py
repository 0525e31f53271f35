"""Names a newcomer can trust, and a sentence at the top of every module."""

import ast
import re

import alphaloop.core.errors as errors
from tests.house.sources import PACKAGE, ROOT, package, sources

VAGUE = {"util", "utils", "manager", "helper", "helpers", "handler", "processor", "misc", "common", "base2"}


def words(name: str) -> set[str]:
    """The words of ``snake_case`` or ``CamelCase``, lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)}


def test_words_are_told_apart() -> None:
    assert words("OrderManager") | words("io_utils") == {"order", "manager", "io", "utils"}


def test_no_vague_names() -> None:
    found = []
    for source in sources():
        names = [part.removesuffix(".py") for part in source.path.split("/")]
        kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        names += [node.name for node in ast.walk(source.tree) if isinstance(node, kinds)]
        found += [f"{source.path}: {name}" for name in names if words(name) & VAGUE]

    assert found == []


def test_every_module_says_what_it_is() -> None:
    silent = [source.path for source in sources() if not ast.get_docstring(source.tree)]

    assert [path for path in silent if not path.startswith("tests/")] == []


def test_every_folder_is_a_package() -> None:
    """Without its ``__init__`` a room escapes the floors, and two tests of one name clash."""
    folders = {file.parent for below in (PACKAGE, ROOT / "tests") for file in below.rglob("*.py")}

    assert [str(folder.relative_to(ROOT)) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_a_public_face_lists_what_it_shows() -> None:
    """Names that an ``__init__`` imports and does not use are re-published: ``__all__`` holds them."""
    found = []
    for source in package():
        if source.path.endswith("__init__.py"):
            nodes = list(ast.walk(source.tree))
            shown = {
                alias.asname or alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
            }
            used = {node.id for node in nodes if isinstance(node, ast.Name)}
            found += [f"{source.path}: {name}" for name in shown - used - listed(source.tree)]

    assert found == []


def listed(tree: ast.Module) -> set[str]:
    """The names in ``__all__``."""
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {
        name
        for node in assigned
        if isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"
        for name in ast.literal_eval(node.value)
    }


def test_the_drawn_error_tree_is_the_tree() -> None:
    drawn = re.findall(r"^    ([ │├└─]*)([A-Z]\w+)", errors.__doc__ or "", re.MULTILINE)
    parents: list[str] = []
    tree = {}
    for indent, name in drawn:
        depth = len(indent) // 4
        del parents[depth:]
        tree[name] = parents[-1] if parents else "Exception"
        parents.append(name)
    classes = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.AlphaloopError)
    }

    assert classes == tree
