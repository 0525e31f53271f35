"""Experts on the command line: found by name, told their parameters, the same on paper."""

import pytest

from alphaloop.app.wiring import POLICIES
from tests.app.cli.builders import call

QUICK = {
    "momentum": ("lookback=12", "volatility=12", "enter=0.5", "leave=0", "stop_atr=6"),
    "band-reversion": ("period=12", "calm=100", "trend=100"),
    "volume-breakout": ("period=12", "volume=12", "surge=-9"),
    "volatility-target": ("volatility=12", "target=0.2"),
}


@pytest.mark.parametrize("name", QUICK)
def test_an_expert_trades_and_paper_agrees(name, home):
    words = [word for one in QUICK[name] for word in ("--set", one)]

    result = call("paper", "replay", "--policy", name, "--symbols", "BTCUSDT,ETHUSDT", *words, "--json", home=home)

    assert result.code == 0, result
    assert result.json["equal"] is True
    assert result.json["fills"] > 3


def test_help_names_every_policy():
    words = call("backtest", "--help").out

    assert [name for name in POLICIES if name not in words.replace("\n", " ")] == []


def test_a_wrong_parameter_is_refused(home):
    result = call("backtest", "--policy", "momentum", "--symbols", "BTCUSDT", "--set", "enter=0.1", "--json", home=home)

    assert (result.code, result.json["error"]) == (2, "InvalidOption")
