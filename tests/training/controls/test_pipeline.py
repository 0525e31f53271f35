import numpy as np
import pytest

from alphaloop.core.errors import UnknownName
from alphaloop.lake.sources.simulated.candles import market_bars
from alphaloop.training.controls.markets import market
from alphaloop.training.controls.pipeline import GROUPS, LARGEST_LABEL, build, names, panel, space
from tests.training.controls.builders import PROTOCOL, SETTING

DRAWN = market(SETTING, "garch", seed=2)
BARS = market_bars(DRAWN)
PANEL = panel(BARS, DRAWN.symbols, SETTING.timeframe, horizon=2)


def test_labels_are_returns_in_units_of_volatility_with_their_interval():
    closes = BARS.filter(symbol=DRAWN.symbols[1])["close"].to_numpy()
    at = 500
    ahead = closes[at + 2] / closes[at] - 1

    assert PANEL.y[at, 1] == pytest.approx(ahead / PANEL.volatility[at, 1] / np.sqrt(2))
    assert PANEL.ends[at, 1] - PANEL.times[at] == 2 * 4 * 3_600_000_000
    assert PANEL.returns[at, 1] == pytest.approx(closes[at + 1] / closes[at] - 1)
    assert np.isnan(PANEL.y[-2:]).all()
    assert np.nanmax(np.abs(PANEL.y)) <= LARGEST_LABEL


def test_moves_are_shown_in_units_of_volatility():
    spread = np.nanstd(PANEL.X[:, :, 0, names("4h").index("ret_12")])

    assert spread == pytest.approx(1.0, abs=0.3)


def test_folds_leave_the_first_days_and_train_on_all_before():
    splitter = PROTOCOL.splitter(SETTING.days, PANEL.timeframe)

    assert splitter.test_size == (300 - 50) // 5 * 6
    assert splitter.train_size is None


def test_configurations_differ_and_are_buildable():
    configs = [space()(np.random.default_rng(seed)) for seed in range(40)]

    assert {one["group"] for one in configs} == set(GROUPS)
    assert build(configs[0], seed=3).make().plan.leaves == configs[0]["leaves"]
    assert build(configs[0]).rule.multiples == (configs[0]["multiple"],)


def test_bars_whose_flow_nobody_declared_are_refused():
    with pytest.raises(UnknownName):
        names("2h")
