"""The page of labelled candidates: figures by hand, hostile text, nothing to show."""

import json

import polars as pl
import pytest

from alphaloop.app.report.outcomes import outcome_tables, write_outcomes
from alphaloop.core.errors import NoData, SchemaViolation

ROWS = [
    # side, stop, target, regime, reason, net, gross, bars
    (1, 0.01, 0.02, "breakout", "target", 0.03, 0.04, 2),
    (1, 0.01, 0.02, "breakout", "stop", -0.02, -0.01, 4),
    (1, 0.01, None, "noise", "horizon", 0.01, 0.02, 6),
    (-1, 0.01, 0.02, "noise", "stop", -0.04, -0.03, 8),
    (-1, 0.02, 0.02, "noise", "not_filled", 0.0, 0.0, 0),
]
NAMES = ["side", "stop", "target", "regime", "reason", "net_return", "gross_return", "bars_held"]
FRAME = pl.DataFrame(ROWS, schema=NAMES, orient="row")


def test_totals_leave_out_what_was_not_filled():
    totals = outcome_tables(FRAME)["totals"]

    assert (totals["asked"], totals["candidates"]) == (5, 4)
    assert totals["mean_net"] == pytest.approx(-0.005)
    assert totals["median_net"] == pytest.approx(-0.005)
    assert totals["win_rate"] == 0.5
    assert totals["bars_held"] == 5.0


def test_by_regime_and_side():
    rows = {(row["regime"], row["side"]): row for row in outcome_tables(FRAME)["by_regime"]}

    assert set(rows) == {("breakout", 1), ("noise", 1), ("noise", -1)}
    assert rows["breakout", 1]["mean_net"] == pytest.approx(0.005)
    assert rows["breakout", 1]["mean_gross"] == pytest.approx(0.015)
    assert rows["noise", -1]["candidates"] == 1


def test_shares_of_the_ways_out_add_to_one():
    shares = outcome_tables(FRAME)["reasons"]

    breakout = {row["reason"]: row["share"] for row in shares if row["regime"] == "breakout"}
    assert breakout == {"stop": 0.5, "target": 0.5}


def test_a_level_of_none_stands_last_and_apart():
    longs = [row for row in outcome_tables(FRAME)["levels"] if row["side"] == 1]

    assert [(row["stop"], row["target"]) for row in longs] == [(0.01, 0.02), (0.01, None)]


def test_the_page_says_what_the_json_says_and_lets_no_text_become_markup(tmp_path):
    hostile = FRAME.with_columns(regime=pl.lit("<script>alert(1)</script>"))
    tables = write_outcomes(hostile, tmp_path / "sub" / "page.html", "<b>title</b>", notes=["a <i>note</i>"])

    page = (tmp_path / "sub" / "page.html").read_text()
    assert json.loads((tmp_path / "sub" / "page.json").read_text()) == tables
    assert "<script>alert" not in page
    assert "<b>title" not in page
    assert "<i>note" not in page
    assert "&lt;script&gt;alert" in page
    assert "+1.00 %" in page


@pytest.mark.parametrize(
    ("frame", "error"), [(FRAME.drop("regime"), SchemaViolation), (FRAME.filter(reason="not_filled"), NoData)]
)
def test_nothing_to_show_is_said(frame, error, tmp_path):
    with pytest.raises(error):
        write_outcomes(frame, tmp_path / "page.html", "x")
    assert not (tmp_path / "page.html").exists()
