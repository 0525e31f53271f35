"""What a policy sees of facts beside bars: the values of ``features build``, or a typed error."""

import numpy as np
import pytest

from alphaloop.app.observing import view_of
from alphaloop.app.wiring import data_kind
from alphaloop.core.account import Account
from alphaloop.core.errors import NoData
from alphaloop.core.time import HOUR_US, MINUTE_US
from alphaloop.features.contract import Schema
from alphaloop.lake.bars import load_market
from alphaloop.lake.table import Lake
from tests.app.cli.builders import START, call, write_bars

FIVE = 5 * MINUTE_US


def rates(view, symbols, *instants):
    """Funding per eight hours as seen at each instant, NaN where unknown."""
    account = Account(cash=100).view(symbols, {}, 0.0)
    return [view.observe(one, account).column("funding_rate_8h").tolist() for one in instants]


def test_funding_is_seen_once_it_was_known(home):
    lake = Lake(home / "lake")
    market = load_market(lake, ["BTCUSDT"], "5m", start=START + HOUR_US)

    view = view_of(lake, market, Schema(["close", "funding_rate_8h", "ret_1"]))

    seen = rates(view, market.symbols, START + HOUR_US + FIVE - 1, START + HOUR_US + FIVE, START + 40 * HOUR_US)
    assert np.isnan(seen[0]).all()
    assert seen[1:] == [[0.0001], [0.0001]]
    observation = view.observe(START + 2 * HOUR_US, Account(cash=100).view(market.symbols, {}, 0.0))
    closes = market.column("close")[:, 0]
    assert observation.column("ret_1")[0] == pytest.approx(closes[11] / closes[10] - 1)
    assert view.schema_hash == Schema(["close", "funding_rate_8h", "ret_1"]).hash


def test_facts_that_are_not_there_are_an_error(home):
    lake = Lake(home / "lake")

    with pytest.raises(NoData, match="funding_rate_8h of ETHUSDT unknown"):
        view_of(lake, load_market(lake, ["BTCUSDT", "ETHUSDT"], "5m"), Schema(["close", "funding_rate_8h"]))
    refused = call("backtest", "--policy", "order-flow", "--symbols", "BTCUSDT", "--json", home=home)
    assert refused.code == 2
    assert refused.json["error"] == "NoData"


def test_carry_is_backtested_and_replayed(home):
    words = ["--policy", "carry", "--symbols", "BTCUSDT", "--set", "enter=0.0001", "--set", "leave=0", "--json"]

    result = call("backtest", *words, home=home)
    again = call("paper", "replay", *words, home=home)

    assert result.json["metrics"]["open_trades"] == 1
    assert result.json["metrics"]["funding"] < 0  # the short is paid
    assert again.json["equal"] is True


def test_simulated_facts_beside_real_bars_are_told(tmp_path):
    """Real bars of a symbol whose funding, which a policy may read, was simulated."""
    call("data", "simulate", "--symbols", "BTCUSDT", "--days", "1", "--seed", "1", home=tmp_path)
    closes = [100.0 + i % 7 for i in range(300)]
    bars = write_bars(tmp_path / "BTCUSDT-5m.csv", closes)
    assert call("data", "import", bars, "--venue", "bybit", home=tmp_path).code == 0
    lake = Lake(tmp_path / "lake")
    market = load_market(lake, ["BTCUSDT"], "5m", venue="bybit")

    assert data_kind(lake, market, Schema(["close"])) == "real"
    assert data_kind(lake, market, Schema(["close", "funding_rate_8h"])) == "mixed"
