"""Set-up: pip's settings become uv's, and places that are not there are left out."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.house.sources import ROOT


@pytest.fixture
def translator(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("pip_as_uv", ROOT / "scripts" / "pip_as_uv.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for variable, _ in module.UV_NAMES.values():
        monkeypatch.delenv(variable, raising=False)
    return module


def test_an_ordinary_machine_needs_nothing(translator: ModuleType) -> None:
    assert translator.exports({}) == {}


def test_index_wheels_and_patience_are_translated(translator: ModuleType, tmp_path: Path) -> None:
    settings = {"index-url": "https://mirror.example/simple", "find-links": str(tmp_path), "timeout": "90"}

    assert translator.exports(settings) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_FIND_LINKS": str(tmp_path),
        "UV_HTTP_TIMEOUT": "90",
    }


def test_extra_indexes_compete_as_in_pip(translator: ModuleType) -> None:
    settings = {"extra-index-url": "https://one.example/simple\nhttps://two.example/simple"}

    assert translator.exports(settings) == {
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_missing_folders_are_passed_over(translator: ModuleType, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    settings = {"find-links": f"{gone} {tmp_path}", "extra-index-url": gone.as_uri()}

    assert translator.exports(settings) == {"UV_FIND_LINKS": str(tmp_path)}


def test_what_the_user_set_for_uv_stays(translator: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")

    assert translator.exports({"index-url": "https://mirror.example/simple"}) == {}


def test_the_environment_wins_over_files(translator: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_TIMEOUT", "77")

    assert translator.pip_settings()["timeout"] == "77"
