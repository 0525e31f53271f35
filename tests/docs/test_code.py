"""Python blocks run in order, one namespace a page; console blocks run through the command line."""

import contextlib
import io
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks, commands, pages

LANGUAGES = {"python", "console", "text", "json", "sql", "mermaid"}
PROGRAM = "from alphaloop.app.cli.main import run; run()"
WITH_CODE = [page for page in pages() if blocks(page.read_text(encoding="utf-8"))]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def run_python(block: Block, folder: Path, namespace: dict[str, object]) -> None:
    """Execute a block from a file in ``folder`` (compilers cache beside it), at the line it has on the page."""
    file = folder / f"line_{block.line}.py"
    file.write_text("\n" * (block.line - 1) + block.text, encoding="utf-8")
    code = compile(file.read_text(encoding="utf-8"), str(file), "exec")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, namespace)


def run_console(block: Block, home: Path) -> None:
    """Run each command; all must end well."""
    for command in commands(block.text):
        call = [sys.executable, "-c", PROGRAM, *shlex.split(command)[1:]]
        environment = {**os.environ, "ALPHALOOP_HOME": str(home / ".alphaloop")}
        answer = subprocess.run(call, capture_output=True, text=True, check=False, cwd=home, env=environment)

        assert answer.returncode == 0, f"{command}\n{answer.stdout}{answer.stderr}"


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_code_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.language == "python" and not block.excuse:
            run_python(block, tmp_path, namespace)
        elif block.language == "console" and not block.excuse:
            run_console(block, tmp_path)


@pytest.mark.parametrize("page", WITH_CODE, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    """A block without a language would escape being run."""
    unknown = [block.line for block in blocks(page.read_text(encoding="utf-8")) if block.language not in LANGUAGES]

    assert unknown == []


def test_blocks_and_excuses_are_found() -> None:
    python = "a\n```python\nx = 1\n```\n"
    console = "<!-- not run: needs a live exchange -->\n```console\n$ alphaloop a \\\n  b\nout\n```\n"
    text = python + console

    assert blocks(text) == [
        Block("python", "x = 1\n", 3, ""),
        Block("console", "$ alphaloop a \\\n  b\nout\n", 7, "needs a live exchange"),
    ]
    assert commands(blocks(text)[1].text) == ["alphaloop a    b"]


def test_an_error_on_a_page_is_an_error_here(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        run_python(Block("python", "1 / 0", 1, ""), tmp_path, {})
