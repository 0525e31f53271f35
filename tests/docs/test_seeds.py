"""docs/seeds.md is true: what works exists and has a command; what does not names its stage."""

import re
from typing import NamedTuple

import pytest
import typer.main

from alphaloop.app.cli.main import app
from tests.docs.pages import ROOT

TEXT = (ROOT / "docs" / "seeds.md").read_text(encoding="utf-8")
STAGES = set(re.findall(r"^\| ([\w-]+) \| [^|]+ \|$", TEXT, re.MULTILINE)) - {"stage"}


class Row(NamedTuple):
    capability: str
    places: tuple[str, ...]
    command: str
    state: str


def rows() -> list[Row]:
    found = []
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0] != "capability" and not cells[0].startswith("---"):
            found.append(Row(cells[0], tuple(re.findall(r"`([^`]+)`", cells[1])), cells[2].strip("`"), cells[4]))
    return found


ROWS = rows()


def test_every_seed_has_its_rows() -> None:
    assert len(re.findall(r"^## 00[0134]: ", TEXT, re.MULTILINE)) == 4
    assert len(ROWS) > 150


def test_each_state_is_works_or_names_a_stage() -> None:
    allowed = {"works", *(f"not yet ({stage})" for stage in STAGES)}

    assert [row for row in ROWS if row.state not in allowed] == []


@pytest.mark.parametrize("row", [row for row in ROWS if row.state == "works"], ids=lambda row: row.capability)
def test_what_works_exists(row: Row) -> None:
    missing = [
        place for place in row.places if not any((top / place).exists() for top in (ROOT, ROOT / "src/alphaloop"))
    ]

    assert row.places
    assert missing == []


def test_what_works_is_shown_by_a_real_command() -> None:
    words = {row.command for row in ROWS if row.state == "works"} - {"make test"}

    assert sorted(word for word in words if word not in known_commands()) == []


def known_commands() -> set[str]:
    """``alphaloop data import`` and the like, as the program itself lists them."""
    top = typer.main.get_command(app)
    found = set()
    for name, command in getattr(top, "commands", {}).items():
        found |= {f"alphaloop {name}", *(f"alphaloop {name} {each}" for each in getattr(command, "commands", {}))}
    return found
