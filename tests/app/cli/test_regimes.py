"""States of a run's market: those of the features, at the bars of the run, with the memory before it."""

import json
from pathlib import Path

import numpy as np

from alphaloop.app.regimes import market_states
from alphaloop.core.time import DAY_US, HOUR_US, iso
from alphaloop.features.states import states
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake
from tests.app.cli.builders import START, call, write_bars


def test_states_are_those_of_the_features_with_their_memory(tmp_path):
    closes = (100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 0.003, 1200)))).tolist()
    file = write_bars(tmp_path / "BTCUSDT-5m.csv", closes)
    assert call("data", "import", file, "--venue", "binance", home=tmp_path).code == 0
    lake = Lake(tmp_path / "lake")
    whole = load_market(lake, ["BTCUSDT"], "5m")
    late = load_market(lake, ["BTCUSDT"], "5m", start=START + 3 * DAY_US)

    found = {one.title: one for one in market_states(lake, late)}

    seen = states(np.ascontiguousarray(whole.values[:, 0, :4].T))
    known = np.nan_to_num(np.stack([seen.trend, seen.volatility]) + 1, nan=-1.0)[:, -len(late) :]
    assert found["Trend at entry"].code[:, 0].tolist() == known[0].tolist()
    assert found["Volatility at entry"].code[:, 0].tolist() == known[1].tolist()
    assert (found["Trend at entry"].code >= 0).all()
    assert len(np.unique(known[0])) == 3


def test_a_kind_that_is_never_known_is_left_out(home):
    """Bars without taker volume, and a run that begins with the lake."""
    lake = Lake(home / "lake")
    market = load_market(lake, ["BTCUSDT", "ETHUSDT"], "5m", end=START + HOUR_US)

    assert market_states(lake, market) == ()


def test_a_backtest_is_judged_by_them(home):
    result = call(
        *("backtest", "--policy", "ma-cross", "--symbols", "BTCUSDT", "--set", "fast=4", "--set", "slow=12"),
        *("--start", iso(START + DAY_US), "--json"),
        home=home,
    )

    page = json.loads(Path(result.json["report_file"]).with_name("report.json").read_text())
    titles = [one["title"] for one in page["groups"]]
    assert titles[:2] == ["Exit", "Side"]
    assert "Trend at entry" in titles
    assert page["oracle"]["profit"] > page["oracle"]["own"]


def test_a_run_by_other_rules_is_not_held_against_the_oracle(home):
    result = call(
        "backtest", "--policy", "buy-and-hold", "--symbols", "BTCUSDT", "--rules", "jesse", "--json", home=home
    )

    page = json.loads(Path(result.json["report_file"]).with_name("report.json").read_text())
    assert page["oracle"] is None
