"""The page of a verdict: complete, escaped, and never silent about rows that nobody observed."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphaloop.app.report.verdict import LABELS, VerdictInput, build, number, power
from alphaloop.app.report.verdict_page import MARK, page_of, write_verdict
from alphaloop.registry.evidence import Coverage, Evidence, Interval
from alphaloop.registry.gates import GATES, Thresholds, judge
from alphaloop.registry.series import Series
from tests.registry.evidence_builder import DAY, make_evidence, make_protocol

EVIL = "</script><script>alert(1)</script>"


def make_series(periods: int = 900, active: bool = False) -> Series:
    rng = np.random.default_rng(5)
    net, held, other = rng.normal(0.001, 0.01, (3, periods))
    return Series(np.arange(1, periods + 1) * DAY, net, held, other if active else None)


def make_input(
    evidence: Evidence, series: Series | None = None, model: str = "gbm", enforce: bool = True
) -> VerdictInput:
    lineage = {"study": "gbm-BTCUSDT-1h", "code_hash": "c" * 64, "recipe": "alphaloop evaluate oos"}
    return VerdictInput(model, evidence, judge(evidence, Thresholds(), enforce), Thresholds(), series, lineage)


class Lines(HTMLParser):
    """Text of every table row, list item and key figure: the lines of the report."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("tr", "li") or (tag == "div" and dict(attrs).get("class") == "kpi"):
            self._open.append((tag, ""))
            self._text = []
        elif tag == "div":
            self._open.append(("inner", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "li", "div") and self._open:
            kind, _ = self._open.pop()
            if kind != "inner":
                self.found.append(("kpi" if kind == "div" else kind, " ".join(self._text)))

    def handle_data(self, data: str) -> None:
        self._text.append(data)


def claims(page: str) -> list[str]:
    """Lines that state a figure: checks, reasons, key figures, scales; not table heads, not the audit itself."""
    body = page.split('id="content"')[1].split('<script type="application/json"')[0]
    outside = re.sub(r"<table>.*?</table>", "", body, flags=re.S)  # the data table: judged apart
    return [
        text
        for kind, text in Lines(outside).found
        if not text.startswith("Check") and ("measured" in text or kind in ("kpi", "tr"))
    ]


def payload_of(page: Path) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.S)
    assert found is not None
    return dict(json.loads(found[1]))


def test_page_and_json_say_the_same(tmp_path: Path) -> None:
    shown = make_input(make_evidence(deciles=tuple(np.linspace(-0.01, 0.01, 10))), make_series(active=True))
    page = write_verdict(shown, tmp_path / "v")

    assert payload_of(page) == json.loads((tmp_path / "v" / "verdict.json").read_text())


def test_every_check_is_written_with_its_answer() -> None:
    shown = make_input(make_evidence(dsr=0.4, spa_p=None))
    page, payload = page_of(build(shown)), build(shown)

    assert [one["name"] for one in payload["checks"]] == [one.name for one in shown.verdict.checks]
    assert all(LABELS[one.name] in page for one in shown.verdict.checks)
    assert page.count('class="answer open"') == 1


def test_every_gate_has_a_label() -> None:
    assert {gate.name for gate in GATES} == set(LABELS)


def test_text_never_becomes_markup() -> None:
    evidence = make_evidence(
        protocol=make_protocol(question=EVIL, method=EVIL, costs=EVIL, command=EVIL),
        degraded=(EVIL,),
        active=EVIL,
        symbol=EVIL,
        coverage=(Coverage(EVIL, EVIL, 1, 1, 0, 1, 0),),
    )
    page = page_of(build(make_input(evidence, make_series(), model=EVIL)))

    assert "<script>alert" not in page


def test_what_decided_is_the_reason() -> None:
    payload = build(make_input(make_evidence(dsr=0.4, trades=3)))

    assert payload["verdict"] == "insufficient"
    assert len(payload["reasons"]) == 1
    assert payload["reasons"][0].startswith("Trades: 3, required >= 30")
    assert "1 more failed" in payload["abstract"]


def test_a_missing_figure_is_named_once() -> None:
    payload = build(make_input(make_evidence(dsr=None)))

    assert [one.split(":")[0] for one in payload["reasons"]] == ["Deflated Sharpe"]


def test_looking_away_is_said() -> None:
    assert "not enforced" in build(make_input(make_evidence(dsr=0.4), enforce=False))["abstract"]


def test_curves_begin_at_one_and_compound() -> None:
    series = Series(np.array([1, 2]) * DAY, np.array([0.1, -0.5]), np.array([0.0, 1.0]))
    curves = build(make_input(make_evidence(), series))["curves"]

    assert curves["times"] == [0, DAY // 1000, 2 * DAY // 1000]
    assert curves["equity"] == [1.0, 1.1, 0.55]
    assert curves["benchmark"] == [1.0, 1.0, 2.0]
    assert curves["drawdown"] == [0.0, 0.0, -0.5]
    assert "active" not in curves


def test_the_power_of_the_sample_is_stated() -> None:
    assert "annual Sharpe of 1.60 and an IC of 0.026" in power(make_evidence())
    assert "Sharpe of 1.60, with" in power(make_evidence(smallest_ic=None))
    assert "not measured" in power(make_evidence(smallest_sharpe=None, smallest_ic=None))


@pytest.mark.parametrize(("value", "text"), [(True, "yes"), (False, "no"), (3, "3"), (0.5, "0.5"), ("x", "x")])
def test_numbers_for_people(value: float | str, text: str) -> None:
    assert number(value) == text


def test_nothing_measured_makes_a_page_too() -> None:
    bare = Evidence(candidate="c", symbol="X", horizon="1h", kind="gbm", protocol=make_protocol())
    page = page_of(build(make_input(bare)))

    assert "Insufficient evidence" in page
    assert "No data audit stands behind this" in page


COUNTS = st.integers(0, 1000)
SERIES = st.builds(
    lambda table, present, derived, synthetic: Coverage(
        table, "BTCUSDT", 3000, present + derived + synthetic, present, derived, synthetic
    ),
    st.sampled_from(["orderbook_l2", "market_bars", "funding_rates"]),
    COUNTS,
    st.one_of(st.just(0), COUNTS),
    st.one_of(st.just(0), COUNTS),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(SERIES, min_size=1, max_size=4),
    st.sampled_from(["real", "simulated"]),
    st.fixed_dictionaries(
        {
            "dsr": st.one_of(st.none(), st.floats(0, 1)),
            "trades": st.integers(0, 90),
            "ic": st.one_of(st.none(), st.just(Interval(0.01, -0.01, 0.03))),
            "forecasts": st.booleans(),
        }
    ),
)
def test_no_line_stands_on_rows_that_nobody_observed_without_saying_so(
    rows: list[Coverage], claim: str, figures: dict[str, Any]
) -> None:
    evidence = make_evidence(protocol=make_protocol(claim=claim), coverage=tuple(rows), **figures)
    payload = build(make_input(evidence))
    with patch("alphaloop.app.report.verdict_page.asset", return_value=""):  # a megabyte of pictures says nothing here
        page = page_of(payload)
    made = [one for one in rows if one.derived or one.synthetic]
    stated = claims(page)

    assert stated
    assert all((MARK in line) == bool(made) for line in stated)
    for one in made:
        assert f"{one.derived:,} rows derived" in payload["banner"] or not one.derived
        assert f"{one.synthetic:,} rows simulated" in payload["banner"] or not one.synthetic
    assert page.count("class=made-row") == len(made)
    assert ("Simulated market" in payload["banner"]) == (claim == "simulated")


def test_derived_rows_refuse_and_the_page_says_which() -> None:
    book = Coverage("orderbook_l2", "BTCUSDT", 100, 100, 0, 100, 0)
    base = make_evidence()
    evidence = replace(base, coverage=(*(base.coverage or ()), book))
    payload = build(make_input(evidence))

    assert payload["verdict"] == "refused"
    assert payload["banner"] == (
        "Not all rows behind this are real. orderbook_l2 BTCUSDT: 100 rows derived from others."
    )
