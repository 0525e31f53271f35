"""Metrics: one flat dictionary of numbers that judge a run.

Fractions, not percent; losses and costs above zero. Every figure is a finite number or
``None`` where the run is too short or too still to say. Definitions, units and edge
cases of each are in ``docs/metrics.md``; ratios are in :mod:`alphaloop.hindsight.returns`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from alphaloop.core.errors import SchemaViolation, UnsortedData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.orders import Fill
from alphaloop.core.time import DAY_US, YEAR_US, Timeframe
from alphaloop.hindsight import returns as ratio
from alphaloop.hindsight.drawdowns import drawdowns
from alphaloop.hindsight.marks import carry_forward
from alphaloop.hindsight.trades import round_trips

Metrics = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class MetricsInput:
    """What a run left behind. T rows, A symbols; rows are the ends of bars.

    Parameters
    ----------
    now : int array, shape (T,), microseconds UTC, strictly ascending
    equity : float array, shape (T,), quote currency
        The first value is the start: what the account held before its first fill.
    quantity : float array, shape (T, A), base units, signed
    marks : float array, shape (T, A), quote per base
        Closes; NaN where a symbol has no bar.
    symbols : tuple of str, length A
    fills : sequence of Fill
    timeframe : Timeframe
    benchmark : float array, shape (T,), any unit, optional
        Value of buying and holding, e.g. :func:`alphaloop.hindsight.marks.buy_and_hold`.
    frequency : {"daily", "bar"}
        Period of volatility, Sharpe, Sortino, VaR, CVaR, skew, kurtosis. Daily (UTC) by
        default, the bar itself when it is longer than a day.

    Raises
    ------
    SchemaViolation
        If shapes disagree, or the start is not above zero.
    UnsortedData
        If ``now`` is not strictly ascending.
    """

    now: Ints
    equity: Floats
    quantity: Floats
    marks: Floats
    symbols: tuple[str, ...]
    fills: Sequence[Fill]
    timeframe: Timeframe
    benchmark: Floats | None = None
    frequency: Literal["daily", "bar"] = "daily"

    def __post_init__(self) -> None:
        rows, shape = len(self.now), (len(self.now), len(self.symbols))
        found = (self.equity.shape, self.quantity.shape, self.marks.shape)
        benchmark = (rows,) if self.benchmark is None else self.benchmark.shape
        if rows == 0 or found != ((rows,), shape, shape) or benchmark != (rows,):
            raise SchemaViolation(f"equity, quantity, marks of shapes {found}", f"{rows} rows, at least one", "")
        if not (np.isfinite(self.equity).all() and self.equity[0] > 0):
            raise SchemaViolation(f"equity starting at {self.equity[0]}", "finite, above zero at the start", "")
        if rows > 1 and not bool(np.all(np.diff(self.now) > 0)):
            raise UnsortedData("times out of order or repeated", "strictly ascending", "sort the rows")

    @property
    def period_us(self) -> int:
        """Length of one return period, microseconds."""
        return self.timeframe.us if self.frequency == "bar" else max(DAY_US, self.timeframe.us)

    def trades(self) -> pl.DataFrame:
        """Round trips, open ones valued at the last marks."""
        last = carry_forward(self.marks)[-1]
        return round_trips(self.fills, dict(zip(self.symbols, last.tolist(), strict=True)), int(self.now[-1]))


def summary(run: MetricsInput) -> Metrics:
    """All metrics of one run, JSON-safe.

    Returns
    -------
    dict of str to float or None
        Keys and definitions in ``docs/metrics.md``.

    Examples
    --------
    >>> now = np.arange(1, 8) * DAY_US
    >>> equity = np.array([100.0, 101.0, 99.0, 103.0, 104.0, 102.0, 110.0])
    >>> flat = np.zeros((7, 1))
    >>> run = MetricsInput(now, equity, flat, flat + 10.0, ("X",), [], Timeframe(DAY_US))
    >>> found = summary(run)
    >>> round(found["total_return"], 6), round(found["max_drawdown"], 6), found["win_rate"]
    (0.1, 0.019802, None)
    """
    trades = run.trades()
    parts = (_growth(run), _drawdown(run), _shape(run), _trading(trades), _costs(run, trades), _exposure(run))
    return {key: _plain(value) for part in parts for key, value in part.items()}


def _plain(value: float | None) -> float | None:
    """A JSON number: an int stays one, what is not finite is none."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, int | np.integer) else float(value)


def _growth(run: MetricsInput) -> Metrics:
    start, end = float(run.equity[0]), float(run.equity[-1])
    span = int(run.now[-1] - run.now[0])
    held = None if run.benchmark is None else float(run.benchmark[-1] / run.benchmark[0] - 1.0)
    total = end / start - 1.0
    return {
        "start_equity": start,
        "final_equity": end,
        "bars": len(run.now),
        "days": span / DAY_US,
        "total_return": total,
        "annual_return": annualised(end / start, span),
        "benchmark_return": held,
        "excess_return": None if held is None else total - held,
        "benchmark_annual_return": None if held is None else annualised(1.0 + held, span),
        "ruined": int(bool((run.equity <= 0).any())),
    }


def annualised(growth: float, span_us: int) -> float | None:
    """``growth ** (365 days / span) - 1``; -1 after ruin, none for a span below five days.

    Examples
    --------
    >>> round(annualised(1.1, YEAR_US // 2), 6)
    0.21
    """
    if span_us < ratio.MIN_PERIODS * DAY_US:
        return None
    if growth <= 0:
        return -1.0
    power = math.log(growth) * YEAR_US / span_us
    return math.expm1(power) if power < 700 else None


def _drawdown(run: MetricsInput) -> Metrics:
    worst = drawdowns(run.now, run.equity, worst=1).cast({name: pl.Int64() for name in ("start", "trough", "recovery")})
    keys = ("start", "trough", "recovery", "bars", "days")
    row: dict[str, float | None] = worst.row(0, named=True) if len(worst) else dict.fromkeys(keys)
    depth = row.get("depth") or 0.0
    annual = annualised(float(run.equity[-1] / run.equity[0]), int(run.now[-1] - run.now[0]))
    return {
        "max_drawdown": depth,
        "max_drawdown_start_us": row["start"],
        "max_drawdown_trough_us": row["trough"],
        "max_drawdown_recovery_us": row["recovery"],
        "max_drawdown_bars": row["bars"] or 0,
        "max_drawdown_days": row["days"] or 0.0,
        "calmar": annual / depth if annual is not None and depth > 0 else None,
    }


def period_returns(run: MetricsInput) -> Floats:
    """Returns of the run's periods (days, unless bars are longer or asked for), shape (P,)."""
    return ratio.simple_returns(ratio.periodic(run.now, run.equity, run.period_us)[1])


def _shape(run: MetricsInput) -> Metrics:
    """What the distribution of returns looks like."""
    found, per_year = period_returns(run), YEAR_US / run.period_us
    held = None
    if run.benchmark is not None:
        values = ratio.periodic(run.now, run.benchmark, run.period_us)[1]
        held = ratio.sharpe(ratio.simple_returns(values), per_year)
    return {
        "volatility": ratio.volatility(found, per_year),
        "sharpe": ratio.sharpe(found, per_year),
        "sortino": ratio.sortino(found, per_year),
        "benchmark_sharpe": held,
        "var_95": ratio.value_at_risk(found),
        "cvar_95": ratio.expected_shortfall(found),
        "skew": ratio.skewness(found),
        "kurtosis": ratio.excess_kurtosis(found),
        "best_period": float(found.max()) if len(found) else None,
        "worst_period": float(found.min()) if len(found) else None,
    }


def _trading(trades: pl.DataFrame) -> Metrics:
    """Figures of closed trades; open ones are only counted."""
    closed = trades.filter(~pl.col("open") & (pl.col("side") != 0))
    net, returns, hours = (closed[name].to_numpy() for name in ("net_pnl", "return", "holding_hours"))
    wins, losses = net[net > 0], -net[net < 0]
    some = len(net) > 0
    return {
        "trades": len(net),
        "open_trades": int(trades["open"].sum()),
        "win_rate": len(wins) / len(net) if some else None,
        "profit_factor": float(wins.sum() / losses.sum()) if len(losses) else None,
        "payoff_ratio": float(wins.mean() / losses.mean()) if len(losses) and len(wins) else None,
        "mean_trade_pnl": float(net.mean()) if some else None,
        "best_trade": float(returns.max()) if some else None,
        "worst_trade": float(returns.min()) if some else None,
        "mean_holding_hours": float(hours.mean()) if some else None,
        "median_holding_hours": float(np.median(hours)) if some else None,
    }


def _costs(run: MetricsInput, trades: pl.DataFrame) -> Metrics:
    """Sums over all fills, quote currency and as a fraction of the starting equity."""
    start = float(run.equity[0])
    sums = {name: math.fsum(getattr(fill, one) for fill in run.fills) for name, one in _COSTS.items()}
    costs = sums["fees"] + sums["slippage"] + sums["funding"]
    fractions = {f"{name}_fraction": value / start for name, value in {**sums, "costs": costs}.items()}
    gross = float(trades["gross_pnl"].sum())
    return {"gross_pnl": gross, "net_pnl": float(trades["net_pnl"].sum()), "costs": costs, **sums, **fractions}


_COSTS = {"fees": "fee", "slippage": "slippage", "funding": "funding", "shortfall": "shortfall"}


def exposures(quantity: Floats, marks: Floats, equity: Floats) -> Floats:
    """Signed notional of each symbol as a fraction of equity, shape (T, A); 0 after ruin."""
    notional = np.where(quantity != 0, quantity * np.nan_to_num(carry_forward(marks)), 0.0)
    alive = equity > 0
    return np.where(alive[:, None], notional / np.where(alive, equity, 1.0)[:, None], 0.0)


def _exposure(run: MetricsInput) -> Metrics:
    weights = exposures(run.quantity, run.marks, run.equity)
    gross = np.abs(weights).sum(axis=1)
    traded = math.fsum(abs(fill.quantity) * fill.price for fill in run.fills)
    turnover = traded / float(run.equity[run.equity > 0].mean())
    years = int(run.now[-1] - run.now[0]) / YEAR_US
    long_enough = years * 365 >= ratio.MIN_PERIODS
    return {
        "fills": sum(fill.quantity != 0 for fill in run.fills),
        "turnover": turnover,
        "annual_turnover": turnover / years if long_enough else None,
        "gross_exposure": float(gross.mean()),
        "max_gross_exposure": float(gross.max()) if gross.size else 0.0,
        "net_exposure": float(weights.sum(axis=1).mean()),
        "time_in_market": float((run.quantity != 0).any(axis=1).mean()),
    }
