"""The page of gates says what the code requires."""

import re
from dataclasses import fields

from alphaloop.registry.gates import GATES, Thresholds
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "gates.md").read_text(encoding="utf-8")


def test_every_threshold_stands_there_with_its_default_unit_and_reason() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    declared = [one for one in fields(Thresholds) if one.metadata]
    expected = [(one.name, said(one.default), one.metadata["unit"], one.metadata["why"]) for one in declared]

    assert rows == expected


def test_every_gate_stands_there_with_its_weight() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (final|sample|merit) \| ", PAGE, re.MULTILINE)

    assert rows == [(gate.name, gate.weight) for gate in GATES]


def said(default: object) -> str:
    return str(list(default)) if isinstance(default, tuple) else f"{default:g}"
