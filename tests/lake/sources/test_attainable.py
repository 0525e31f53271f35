"""The stated best correlation, by hand, and held to what the best forecast really attains in long markets."""

from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.errors import InvalidOption
from alphaloop.lake.sources.simulated import NOTHING, STEADY, Effects, Sampling, SimulatedMarket, attainable_ic
from alphaloop.lake.sources.simulated.attainable import best_forecast
from alphaloop.lake.sources.simulated.candles import market_bars
from alphaloop.lake.sources.simulated.latent import draw

SYMBOLS = ("SIMAUSDT", "SIMBUSDT")
QUIET = Sampling(posts_per_day=0.0, news_per_day=0.0)
NEWSY = Sampling(posts_per_day=0.0, news_per_day=2.0)
FLOW = SimulatedMarket(
    SYMBOLS, days=1, timeframe="1h", dynamics=STEADY, sampling=QUIET, effects=replace(NOTHING, flow_r2=0.06975)
)
NEWS = replace(FLOW, sampling=NEWSY, effects=replace(NOTHING, news_after_bp=250.0))
BOTH = replace(NEWS, effects=replace(NOTHING, flow_r2=0.06975, news_after_bp=250.0))
DRIFT = replace(FLOW, effects=replace(NOTHING, momentum_r2=0.02))


def correlations(market: SimulatedMarket, label, bars: int):
    told = best_forecast(market, bars)[: len(label)]
    return np.array([np.corrcoef(told[:, k], label[:, k])[0, 1] for k in range(label.shape[1])])


def attained(market: SimulatedMarket, bars: int):
    """Correlation of the best forecast with the hidden returns added up, of each symbol."""
    whole = np.vstack([np.zeros((1, len(market.symbols))), np.cumsum(draw(market).returns, axis=0)])
    return correlations(market, whole[1 + bars :] - whole[1:-bars], bars)


def test_a_flow_of_one_bar_by_hand():
    """Private flow explains 0.06975 / (1 - 0.55^2) = 0.1 of one bar, and so 0.1 / 4 of four."""
    assert attainable_ic(FLOW, 1) == pytest.approx([0.1**0.5] * 2)
    assert attainable_ic(FLOW, 4) == pytest.approx([0.025**0.5] * 2)


def test_news_of_one_bar_by_hand():
    """Two a day make 1/12 a bar; 250 bp over 6 bars are a step in each: 6/12 of a step squared over the variance."""
    step = 250e-4 / 6

    assert attainable_ic(NEWS, 1) == pytest.approx(np.sqrt(0.5 * step**2) / NEWS.volatility)


def test_news_of_two_bars_by_hand():
    """A move just published tells both bars, one in its last bar tells one: 5 x 2^2 + 1 of twelve steps squared.

    Neighbouring bars share five of six steps, which adds 2 x 5/12 of a step squared to the variance of both.
    """
    step = 250e-4 / 6
    known, whole = 21 / 12 * step**2, 2 * NEWS.volatility**2 + 10 / 12 * step**2

    assert attainable_ic(NEWS, 2) == pytest.approx(np.sqrt(known / whole))


@pytest.mark.parametrize(("market", "bars"), [(FLOW, 1), (FLOW, 4), (NEWS, 1), (NEWS, 4), (NEWS, 12), (BOTH, 3)])
def test_the_best_forecast_attains_what_is_stated(market, bars):
    long = replace(market, days=3000, seed=5)
    found, stated = attained(long, bars), attainable_ic(long, bars)

    assert found == pytest.approx(stated, abs=4.0 * np.sqrt(bars / long.bars))


@pytest.mark.parametrize("bars", [1, 24])
def test_a_drift_is_known_as_far_as_past_returns_tell(bars):
    long = replace(DRIFT, days=4000, seed=6)
    found, stated = attained(long, bars), attainable_ic(long, bars)

    assert stated[0] < np.sqrt(0.02) * bars**0.5
    assert found == pytest.approx(stated, abs=4.0 * np.sqrt(max(bars, 12) / long.bars))


def test_closes_as_the_lake_has_them_tell_the_same():
    market = replace(BOTH, days=300, seed=7)
    closes = market_bars(market)["close"].to_numpy().reshape(len(market.symbols), -1).T

    assert correlations(market, closes[4:] / closes[:-4] - 1.0, 4) == pytest.approx(attained(market, 4), abs=2e-3)


def test_no_edge_no_correlation():
    assert attainable_ic(replace(BOTH, null=True), 4).tolist() == [0.0, 0.0]
    assert not best_forecast(replace(BOTH, null=True), 4).any()


def test_news_is_worth_nothing_before_it_is_published():
    """Each event adds its six steps from the bar of publication on, and none before."""
    market = replace(NEWS, days=20, sampling=replace(NEWSY, news_per_day=0.2))
    told, news = best_forecast(market, 1)[:, 0], draw(market).news
    published = news.known_bar[news.asset == 0]
    near = {bar + since for bar in published.tolist() for since in range(6)}

    assert len(published) > 1
    assert set(np.flatnonzero(told).tolist()) <= near
    assert np.abs(told).max() == pytest.approx(250e-4 / 6)


@pytest.mark.parametrize(
    ("changed", "bars"),
    [
        ({}, 0),
        ({"effects": replace(NOTHING, lead_lag_r2=0.01)}, 1),
        ({"effects": Effects(), "sampling": NEWSY}, 1),
        ({"effects": replace(NOTHING, momentum_r2=0.01, flow_r2=0.01)}, 1),
    ],
)
def test_a_law_without_closed_form_is_refused(changed, bars):
    with pytest.raises(InvalidOption):
        attainable_ic(replace(FLOW, **changed), bars)


def test_a_drift_under_clustered_volatility_is_refused():
    with pytest.raises(InvalidOption):
        best_forecast(replace(SimulatedMarket(SYMBOLS), effects=replace(NOTHING, momentum_r2=0.01)), 1)
