"""The floors hold, and the contract that says so would notice a crack."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.sources import ROOT

LINTER = "import sys; from importlinter.cli import lint_imports_command as command; command()"


def lint(folder: Path) -> tuple[int, str]:
    """Exit status and words of import-linter on the package ``alphaloop`` in ``folder``."""
    call = [sys.executable, "-c", LINTER, "--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo"]
    answer = subprocess.run(call, capture_output=True, text=True, check=False, cwd=folder)
    return answer.returncode, answer.stdout + answer.stderr


def build(folder: Path, files: dict[str, str]) -> Path:
    """A tiny house: an empty ``core`` and the given files."""
    for name, text in {"__init__.py": "", "core/__init__.py": "", **files}.items():
        file = folder / "alphaloop" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text, encoding="utf-8")
    return folder


def test_the_house_stands() -> None:
    status, words = lint(ROOT / "src")

    assert status == 0, words


def test_a_sound_little_house_stands(tmp_path: Path) -> None:
    house = build(tmp_path, {"app/a.py": "import alphaloop.policies.b", "policies/b.py": "import alphaloop.core"})

    assert lint(house)[0] == 0


@pytest.mark.parametrize(
    "files",
    [
        {"app/a.py": "", "core/b.py": "import alphaloop.app.a"},
        {"engine/a.py": "", "lake/b.py": "def f():\n    import alphaloop.engine.a"},
        {"features/a.py": "", "policies/b.py": "from alphaloop.features import a"},
        {"hindsight/a.py": "", "engine/b.py": "import alphaloop.hindsight.a"},
        {"cellar/a.py": ""},
        {"core/a.py": "import polars"},
    ],
    ids=["upwards", "upwards in a function", "sideways", "the future", "a fifteenth room", "a heavy ground"],
)
def test_a_crack_is_noticed(tmp_path: Path, files: dict[str, str]) -> None:
    status, words = lint(build(tmp_path, files))

    assert status == 1, words
    assert "BROKEN" in words
