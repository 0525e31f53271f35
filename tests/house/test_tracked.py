"""What must not be committed: addresses of package registries, and paths of somebody's machine."""

import re
import shutil
import subprocess

import pytest

from tests.house.sources import ROOT

REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|npmjs|test\.pypi)\.(?:org|com)\b", re.IGNORECASE)
MACHINE = re.compile(r"(?:^|[\s\"'`(=:,])/(?:work|root|home|opt|tmp|Users)/\w", re.MULTILINE)
LARGEST = 2_000_000  # bytes; more is data, and data is not committed


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no git checkout here: nothing is tracked")
    answer = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT)
    return [name for name in answer.stdout.split("\0") if (ROOT / name).is_file()]


def test_no_registry_and_no_machine_in_any_text(tracked: list[str]) -> None:
    found = []
    for name in tracked:
        text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
        found += [f"{name}: {match[0].strip()}" for rule in (REGISTRY, MACHINE) for match in rule.finditer(text)]

    assert found == []


def test_no_large_files(tracked: list[str]) -> None:
    assert [name for name in tracked if (ROOT / name).stat().st_size > LARGEST] == []


def test_the_lock_names_packages_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if not re.match(r"^[A-Za-z0-9._-]+==[\w.+!-]+( ; .+)?$", line)] == []


@pytest.mark.parametrize(("rule", "text"), [(REGISTRY, "see pypi" + ".org"), (MACHINE, "cd /" + "home/me")])
def test_the_net_has_no_holes(rule: re.Pattern[str], text: str) -> None:
    assert rule.search(text)
