"""The rim of the program: help everywhere, exit codes, errors as text and as JSON, interruption."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from alphaloop import __version__
from alphaloop.app.cli import doctor, main
from alphaloop.app.cli.context import HOME_VARIABLE, home, names, pairs
from alphaloop.core.errors import InvalidOption, LakeConflict
from tests.app.cli.builders import call


def commands(group: object, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command and group of the command line, by its words."""
    found = [words]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*words, name))
    return found


EVERY = commands(typer.main.get_command(main.app))


def test_the_documented_commands_exist():
    stated = {"demo", "doctor", "backtest", "data import", "data fetch", "data simulate", "data audit", "data tables"}
    stated |= {"data query", "data compact", "features list", "features build", "paper replay"}

    assert stated <= {" ".join(words) for words in EVERY}


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_help_everywhere(words):
    result = call(*words, "--help")

    assert (result.code, result.err) == (0, "")
    assert result.out.lstrip().startswith("Usage: " + " ".join(["alphaloop", *words]))
    assert "--help" in result.out


def test_help_imports_nothing_heavy():
    """What makes `--help` slow stays out: 0.5 s is promised."""
    heavy = "numpy numba polars pandas duckdb deltalake pyarrow ccxt rich.table"
    code = (
        "import sys; from alphaloop.app.cli.main import main; main(['backtest', '--help']);"
        f"print('heavy:', *(set({heavy!r}.split()) & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "heavy:"


def test_version():
    assert call("--version").out == f"alphaloop {__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nope"], "No such command"),
        (["data", "nope"], "No such command"),
        (["backtest", "--symbols", "X"], "--policy"),
        (["backtest", "--policy", "flat"], "--symbols"),
        (["backtest", "--policy", "flat", "--symbols", "X", "--cash", "much"], "--cash"),
        (["backtest", "--policy", "flat", "--symbols", "X", "--nope"], "--nope"),
        (["data", "import"], "paths"),
        (["demo", "--days", "some"], "--days"),
    ],
)
def test_wrong_usage_is_exit_two(words, said):
    result = call(*words)

    assert (result.code, result.out) == (2, "")
    assert said.lower() in result.err.lower()
    assert result.err.startswith("Usage: alphaloop")


@pytest.mark.parametrize("words", [[], ["data"], ["features"], ["paper"]], ids=" ".join)
def test_a_group_alone_shows_its_help(words):
    result = call(*words)

    assert result.code == 2
    assert "Usage: alphaloop" in result.out + result.err


def break_doctor(monkeypatch, error: BaseException) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr(doctor, "_python", broken)


def test_interruption_is_exit_130(monkeypatch):
    break_doctor(monkeypatch, KeyboardInterrupt())

    result = call("doctor")

    assert (result.code, result.out) == (130, "")
    assert "interrupted" in result.err


def test_a_typed_error_is_text_on_stderr(monkeypatch):
    break_doctor(monkeypatch, LakeConflict("another [writer]", "to be alone", "wait"))

    result = call("doctor")

    assert (result.code, result.out) == (2, "")
    assert [line.split(None, 1) for line in result.err.splitlines()] == [
        ["LakeConflict"],
        ["found", "another [writer]"],
        ["expected", "to be alone"],
        ["do", "wait"],
    ]


def test_a_typed_error_is_json_where_json_is_asked_for(monkeypatch):
    break_doctor(monkeypatch, LakeConflict("another writer"))

    result = call("doctor", "--json")

    assert (result.code, result.err) == (2, "")
    assert result.json == {"error": "LakeConflict", "found": "another writer", "expected": "", "fix": ""}


def test_a_defect_keeps_its_traceback(monkeypatch):
    break_doctor(monkeypatch, ZeroDivisionError("ours"))

    with pytest.raises(ZeroDivisionError):
        call("doctor")


def test_run_leaves_with_the_code_of_main(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["alphaloop", "--version"])

    with pytest.raises(SystemExit) as leaving:
        main.run()

    assert leaving.value.code == 0


def test_home_is_the_option_then_the_environment_then_here(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(doctor, "_home", lambda: seen.append(home()) or doctor._check("home", "ok", ""))
    monkeypatch.delenv(HOME_VARIABLE, raising=False)
    call("doctor")
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "environment"))
    call("doctor")
    call("doctor", home=tmp_path / "option")

    assert seen == [Path(".alphaloop"), tmp_path / "environment", tmp_path / "option"]


@pytest.mark.parametrize("text", ["BTC/USDT,eth-usdt", "BTC/USDT:USDT, ETH_USDT", "btcusdt,,ETHUSDT"])
def test_symbols_in_any_spelling(text):
    assert names(text) == ("BTCUSDT", "ETHUSDT")


def test_parameters_are_pairs():
    assert pairs(["fast=12", "kind=a=b"]) == {"fast": "12", "kind": "a=b"}
    for bad in ("fast", "=3", "fast="):
        with pytest.raises(InvalidOption, match="name=value"):
            pairs([bad])
