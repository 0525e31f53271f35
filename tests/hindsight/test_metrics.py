"""Metrics by hand, at their edges, and against quantstats and ffn on the same series."""

import json
from pathlib import Path
from statistics import NormalDist

import ffn
import numpy as np
import pandas as pd
import pytest
import quantstats.stats as qs

from alphaloop.core.errors import SchemaViolation, UnsortedData
from alphaloop.core.orders import Fill, Reason
from alphaloop.core.time import DAY_US, HOUR_US, YEAR_US, Timeframe
from alphaloop.hindsight.metrics import MetricsInput, annualised, exposures, period_returns, summary

DAY = Timeframe(DAY_US)


def run(equity, timeframe=DAY, quantity=None, marks=None, fills=(), **more) -> MetricsInput:
    equity = np.asarray(equity, dtype=float)
    now = more.pop("now", (np.arange(len(equity)) + 1) * timeframe.us)
    quantity = np.zeros((len(equity), 1)) if quantity is None else np.asarray(quantity, dtype=float)
    marks = np.ones_like(quantity) if marks is None else np.asarray(marks, dtype=float)
    symbols = tuple("XYZ"[: quantity.shape[1]])
    return MetricsInput(now, equity, quantity, marks, symbols, list(fills), timeframe, **more)


def walk(days: int = 700, seed: int = 7) -> np.ndarray:
    steps = np.random.default_rng(seed).standard_t(5, days) * 0.01 + 0.0008
    return 10_000 * np.cumprod(np.append(1.0, 1 + steps))


@pytest.fixture(scope="module")
def series() -> pd.Series:
    equity = walk()
    return pd.Series(equity, index=pd.date_range("2022-01-01", periods=len(equity), freq="D"), name="equity")


@pytest.fixture(scope="module")
def ours(series):
    return summary(run(series.to_numpy()))


def test_sharpe_volatility_equal_both_peers(ours, series):
    returns = series.pct_change().dropna()
    assert ours["sharpe"] == pytest.approx(qs.sharpe(returns, periods=365), rel=1e-12)
    assert ours["sharpe"] == pytest.approx(ffn.calc_sharpe(returns, nperiods=365), rel=1e-12)
    assert ours["volatility"] == pytest.approx(qs.volatility(returns, periods=365), rel=1e-12)
    assert ours["volatility"] == pytest.approx(returns.std() * np.sqrt(365), rel=1e-12)


def test_sortino_equals_both_peers(ours, series):
    returns = series.pct_change().dropna()
    assert ours["sortino"] == pytest.approx(qs.sortino(returns, periods=365), rel=1e-12)
    assert ours["sortino"] == pytest.approx(ffn.calc_sortino_ratio(returns, nperiods=365), rel=1e-12)


def test_drawdown_calmar_and_growth(ours, series):
    returns = series.pct_change().dropna()
    assert ours["max_drawdown"] == pytest.approx(-qs.max_drawdown(returns), rel=1e-12)
    assert ours["max_drawdown"] == pytest.approx(-ffn.calc_max_drawdown(series), rel=1e-12)
    assert ours["annual_return"] == pytest.approx(qs.cagr(returns, periods=365), rel=1e-12)
    assert ours["calmar"] == pytest.approx(qs.calmar(returns, periods=365), rel=1e-12)
    julian = (1 + ours["annual_return"]) ** (365.25 / 365) - 1  # ffn's year has 365.25 days
    assert ffn.calc_cagr(series) == pytest.approx(julian, rel=1e-9)
    assert ffn.calc_calmar_ratio(series) == pytest.approx(julian / ours["max_drawdown"], rel=1e-9)


def test_tail_is_historical_where_quantstats_is_normal(ours, series):
    returns = series.pct_change().dropna()
    assert ours["var_95"] == pytest.approx(-returns.quantile(0.05), rel=1e-12)
    assert qs.value_at_risk(returns) == pytest.approx(NormalDist(returns.mean(), returns.std()).inv_cdf(0.05), rel=1e-9)
    assert ours["cvar_95"] == pytest.approx(-qs.conditional_value_at_risk(returns, method="historical"), rel=1e-12)


def test_skew_and_kurtosis_equal_quantstats(ours, series):
    returns = series.pct_change().dropna()
    assert ours["skew"] == pytest.approx(qs.skew(returns), rel=1e-10)
    assert ours["kurtosis"] == pytest.approx(qs.kurtosis(returns), rel=1e-10)


def test_intraday_bars_are_judged_by_their_days():
    daily = walk(30)
    hours = np.interp(np.arange(30 * 24 + 1) / 24, np.arange(31), daily)
    intraday = summary(run(hours, Timeframe(HOUR_US), now=np.arange(30 * 24 + 1) * HOUR_US))
    by_day = summary(run(daily, now=np.arange(31) * DAY_US))
    for key in ("sharpe", "sortino", "volatility", "var_95", "annual_return", "total_return"):
        assert intraday[key] == pytest.approx(by_day[key], rel=1e-12)


def test_bar_frequency_annualises_by_bars():
    hours = walk(100)
    got = summary(run(hours, Timeframe(HOUR_US), frequency="bar"))
    returns = hours[1:] / hours[:-1] - 1
    assert got["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * np.sqrt(YEAR_US / HOUR_US))


def test_days_without_bars_have_no_return():
    now = np.array([1, 2, 5]) * DAY_US
    assert period_returns(run([100, 110, 121], now=now)).tolist() == pytest.approx([0.1, 0.0, 0.0, 0.1])


def test_drawdown_dates():
    got = summary(run([100, 120, 90, 110, 130, 125]))
    assert got["max_drawdown"] == pytest.approx(0.25)
    assert got["max_drawdown_start_us"] == 2 * DAY_US
    assert got["max_drawdown_trough_us"] == 3 * DAY_US
    assert got["max_drawdown_recovery_us"] == 5 * DAY_US
    assert (got["max_drawdown_bars"], got["max_drawdown_days"]) == (3, 3.0)


def test_trades_costs_turnover_exposure_by_hand():
    fills = [
        Fill("a", "X", 0, 10.0, 10.0, Reason.MARKET, fee=1.0, slippage=0.5),
        Fill("b", "X", DAY_US, -10.0, 12.0, Reason.TARGET, fee=1.0),
        Fill("c", "X", DAY_US, 5.0, 12.0, Reason.MARKET, fee=0.5, funding=0.25),
        Fill("d", "X", 2 * DAY_US, -5.0, 10.0, Reason.STOP, fee=0.5),
    ]
    equity = [100.0, 99.0, 118.0, 106.75]
    got = summary(run(equity, fills=fills, quantity=[[0], [10], [-5], [0]], marks=[[10], [10], [12], [10]]))
    assert (got["trades"], got["win_rate"], got["fills"]) == (2, 0.5, 4)
    assert got["profit_factor"] == pytest.approx(18.0 / 11.25)
    assert got["payoff_ratio"] == pytest.approx(18.0 / 11.25)
    assert (got["fees"], got["slippage"], got["funding"], got["costs"]) == (3.0, 0.5, 0.25, 3.75)
    assert (got["fees_fraction"], got["costs_fraction"]) == (0.03, 0.0375)
    assert got["gross_pnl"] - got["costs"] == pytest.approx(got["net_pnl"]) == pytest.approx(6.75)
    assert got["best_trade"] == pytest.approx(0.18)
    assert got["worst_trade"] == pytest.approx(-11.25 / 60)
    assert (got["mean_holding_hours"], got["median_holding_hours"]) == (24.0, 24.0)
    assert got["turnover"] == pytest.approx((100 + 120 + 60 + 50) / np.mean(equity))
    assert got["gross_exposure"] == pytest.approx((100 / 99 + 60 / 118) / 4)
    assert got["net_exposure"] == pytest.approx((100 / 99 - 60 / 118) / 4)
    assert got["time_in_market"] == 0.5
    assert got["annual_turnover"] is None  # three days say nothing about a year


def test_excess_over_the_benchmark():
    got = summary(run([100, 110, 120], benchmark=np.array([1.0, 1.0, 1.05])))
    assert got["benchmark_return"] == pytest.approx(0.05)
    assert got["excess_return"] == pytest.approx(0.15)


STILL = ("sharpe", "sortino", "calmar", "win_rate", "profit_factor", "payoff_ratio", "skew", "kurtosis")


def test_constant_equity_has_no_ratio_and_no_infinity():
    got = summary(run(np.full(100, 500.0)))
    assert [got[key] for key in STILL] == [None] * len(STILL)
    assert (got["volatility"], got["max_drawdown"], got["annual_return"], got["var_95"]) == (0.0, 0.0, 0.0, 0.0)


def test_steady_growth_has_no_sharpe():
    assert summary(run(100 * 1.01 ** np.arange(50)))["sharpe"] is None


def test_one_row_and_few_days():
    one, few = summary(run([100.0])), summary(run([100.0, 200.0, 150.0]))
    assert (one["total_return"], one["sharpe"], one["annual_return"], one["trades"]) == (0.0, None, None, 0)
    assert (few["total_return"], few["sharpe"], few["annual_return"], few["volatility"]) == (0.5, None, None, None)


def test_ruin_is_said_and_stays_finite():
    got = summary(run([100, 50, 20, 10, 5, -10, -10, -10]))
    assert (got["ruined"], got["annual_return"], got["total_return"]) == (1, -1.0, pytest.approx(-1.1))
    assert got["max_drawdown"] == pytest.approx(1.1)
    assert got["worst_period"] == pytest.approx(-3.0)
    assert got["sharpe"] < 0


def test_everything_is_json_safe():
    for equity in ([100.0], np.full(10, 1.0), walk(40), [100, 0, 0, 0], [1e-9, 1e9, 1, 1, 1, 1, 1]):
        got = summary(run(equity))
        assert json.loads(json.dumps(got, allow_nan=False)) == got


def test_exposure_carries_the_last_mark_over_a_hole():
    held, marks = np.array([[2.0], [2.0]]), np.array([[10.0], [np.nan]])
    assert exposures(held, marks, np.array([100.0, 40.0])).tolist() == [[0.2], [0.5]]


def test_annualised_refuses_the_absurd():
    assert annualised(1e300, 6 * DAY_US) is None
    assert annualised(0.0, 6 * DAY_US) == -1.0


def test_bad_input_is_refused():
    with pytest.raises(SchemaViolation):
        run([])
    with pytest.raises(SchemaViolation):
        run([0.0, 1.0])
    with pytest.raises(SchemaViolation):
        run([1.0, 2.0], quantity=[[0.0]])
    with pytest.raises(UnsortedData):
        run([1.0, 2.0], now=np.array([2, 1]))


def test_every_metric_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    assert [key for key in summary(run([100.0])) if f"`{key}`" not in text] == []
