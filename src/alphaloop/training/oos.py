"""Out of sample: everything one forecast came to on rows it never saw, each figure with its interval.

Which rows, how they were kept apart from what was learned from, coefficients with errors that know overlap, money bar
by bar after cost, and whether stated quantiles and probabilities come true. A figure the sample cannot carry is
none. Nothing here judges.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.hindsight.bootstrap import Blocks, Estimate, interval
from alphaloop.hindsight.calibration import expected_calibration_error
from alphaloop.hindsight.drawdowns import underwater
from alphaloop.hindsight.signals.buckets import deciles, hit_rate
from alphaloop.hindsight.signals.errors import Measured, chosen_lag, measured
from alphaloop.hindsight.signals.ic import bootstrap_ic, information_coefficient
from alphaloop.hindsight.signals.rows import Pairs, Signal
from alphaloop.training.chain.learner import QUANTILES
from alphaloop.training.chain.score import Bench
from alphaloop.training.chain.walk import Predicted
from alphaloop.training.validation.appraise import DAYS_PER_YEAR, scored
from alphaloop.training.validation.rule import Rule, Traded, by_day
from alphaloop.training.validation.search import Tried

Json = dict[str, Any]
BINS = 10
_FEWEST_DAYS = 30  # below this no interval of money is given


@dataclass(frozen=True, eq=False)
class OutOfSample:
    """One horizon of a walk, ready to be reported.

    Parameters
    ----------
    bench : Bench
    predicted : Predicted
    embargo_us : int, microseconds
    how : Blocks
        Of bootstraps; a fixed length, if any, is of days.
    """

    bench: Bench
    predicted: Predicted
    embargo_us: int
    how: Blocks = field(default_factory=lambda: Blocks(draws=500))

    @cached_property
    def tried(self) -> Tried:
        """Predictions and positions."""
        return self.bench.tried(self.predicted, {}, Rule(cost=self.bench.examples.cost))

    @property
    def traded(self) -> Traded:
        """Positions on the scored blocks, and what they earned."""
        return self.tried.traded

    @cached_property
    def signal(self) -> Signal:
        """Forecasts beside labels on the scored blocks."""
        return scored(self.bench.panel, self.bench.folds, self.tried)

    def as_dict(self) -> Json:
        """``rows``, ``forecast``, ``money`` and ``calibration``: plain JSON, every figure with its interval."""
        return {
            "rows": _rows(self),
            "forecast": _forecast(self.signal, self.how),
            "money": _money(self.traded, self.how),
            "calibration": _calibration(self),
        }

    def bars(self) -> pl.DataFrame:
        """Bar by bar on the scored blocks: ``now, prediction, outcome, position, net`` (after cost), ``equity``."""
        traded, panel = self.traded, self.bench.panel
        place = np.searchsorted(panel.times, traded.times)
        made = {
            "now": traded.times,
            "prediction": self.tried.predictions[place, 0],
            "outcome": panel.y[place, 0],
            "position": traded.positions[:, 0],
            "net": traded.net,
            "equity": 1.0 + np.cumsum(traded.net),
        }
        time = pl.Datetime("us", "UTC")
        return pl.DataFrame(made).with_columns(pl.col("now").cast(time), pl.col("prediction", "outcome").fill_nan(None))


def _rows(of: OutOfSample) -> Json:
    """What was learned from and what was scored, fold by fold."""
    bench, cuts = of.bench, of.predicted.cuts
    times, ends = bench.examples.rows.times, bench.examples.rows.ends
    folds = [
        {
            "scored": number > 0,
            "train_rows": len(train),
            "last_train_label_ends": int(ends[train].max()),
            "purged": int((times < times[test].min()).sum()) - len(train),
            "test_rows": len(test),
            "first_test": int(times[test].min()),
            "last_test": int(times[test].max()),
        }
        for number, (train, test) in enumerate(cuts.pairs)
    ]
    return {
        "protocol": "walk-forward on timestamps, anchored; purged by label interval, embargoed; the first block only "
        "fits the rule of positions",
        "labelled": len(bench.examples.rows),
        "scored": sum(int(one["test_rows"]) for one in folds[1:]),
        "overlaps": cuts.overlaps,
        "embargo_us": of.embargo_us,
        "folds": folds,
    }


def _forecast(signal: Signal, how: Blocks) -> Json:
    """Coefficients (pooled over time), hit rate and the spread of tenths."""
    found: Json = {"rows": len(signal.pairs), "overlap": signal.pairs.overlap}
    for name, rank in (("ic", False), ("rank_ic", True)):
        by_blocks = bootstrap_ic(signal, rank=rank, how=Blocks(draws=how.draws, seed=how.seed))
        found[name] = _measured(information_coefficient(signal, rank=rank))
        found[name]["by_blocks"] = None if by_blocks is None else _estimate(by_blocks)
    found["hit_rate"] = _measured(hit_rate(signal))
    table = deciles(signal)
    found["deciles"] = [{k: _finite(v) for k, v in row.items()} for row in table.iter_rows(named=True)]
    return found


def _money(traded: Traded, how: Blocks) -> Json:
    """Of a stake that stays the same, net of cost; intervals from days drawn in blocks."""
    moved = np.abs(np.diff(traded.positions, axis=0, prepend=0.0)).sum(axis=1)
    turnover = by_day(traded.times, moved)[1]
    daily, days = traded.daily, len(traded.daily)
    statistics: dict[str, tuple[Floats, Callable[[Floats], float | None]]] = {
        "net_pnl": (daily, lambda rows: float(rows.mean()) * days),
        "sharpe": (daily, _sharpe),
        "max_drawdown": (daily, _drawdown),
        "turnover": (turnover, lambda rows: float(rows.mean()) * DAYS_PER_YEAR),
    }
    found: Json = {"days": days, "trades": traded.trades}
    for name, (rows, statistic) in statistics.items():
        few = days < _FEWEST_DAYS or not bool(np.ptp(rows) > 0)
        found[name] = {"value": _finite(statistic(rows))} if few else _estimate(interval(rows, statistic, how))
    found["max_drawdown_of_bars"] = _drawdown(traded.net)
    found["windows"] = [
        {"first": int(traded.times[first]), "net": float(traded.net[first:stop].sum())}
        for first, stop in traded.windows
    ]
    return found


def _calibration(of: OutOfSample) -> Json:
    """How often outcomes lay below each quantile, and whether the stated chance of a rise comes true.

    The slope is of outcomes on forecasts: 1 where they have their size, above where they are too timid.
    """
    pairs, quantiles = of.signal.pairs, _quantiles(of)
    if len(pairs) < 2 or not np.isfinite(quantiles).all():
        return {"slope": None, "quantiles": [], "ece": None}
    lag = chosen_lag(len(pairs.first), pairs.overlap)
    levels = []
    for place, level in enumerate(QUANTILES):
        below = (pairs.y <= quantiles[:, place]).astype(np.float64)
        found = _share(below, pairs, lag)
        levels.append({"level": level, "coverage": found.value, "low": found.low, "high": found.high})
    chance, rose = chance_of_rise(quantiles), (pairs.y > 0).astype(np.float64)
    together = np.column_stack([chance, rose])
    length = min(float(max(np.cbrt(len(rose)), 6.0 * pairs.overlap, 1.0)), float(len(rose)))
    drawing = Blocks(length=length, draws=of.how.draws, seed=of.how.seed)
    drawn = interval(together, _ece, drawing)
    independent = _share(rose, pairs, lag).effective_n or float(len(rose))
    return {
        "slope": _estimate(interval(np.column_stack([pairs.x, pairs.y]), _slope, drawing)),
        "quantiles": levels,
        "ece": {**_estimate(drawn), "bins": BINS, "by_luck": math.sqrt(BINS / independent) / 3.0},
        "rises": float(rose.mean()),
        "stated_rises": float(chance.mean()),
    }


def chance_of_rise(quantiles: Floats) -> Floats:
    """Stated probability of an outcome above zero: quantiles joined by straight lines, the tails cut off,
    half of what lies at zero itself.

    Parameters
    ----------
    quantiles : float array, shape (N, 5)
        At :data:`~alphaloop.training.chain.learner.QUANTILES`, ascending.

    Returns
    -------
    float array, shape (N,), 0.05 to 0.95

    Examples
    --------
    >>> chance_of_rise(np.array([[-2.0, -1.0, 0.0, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]])).round(2).tolist()
    [0.5, 0.95]
    """
    ordered = np.sort(quantiles, axis=1)
    return np.asarray(1.0 - (_reached(ordered, ordered < 0.0) + _reached(ordered, ordered <= 0.0)) / 2.0)


def _reached(ordered: Floats, under: Bools) -> Floats:
    """Level at which quantiles cross zero, by straight lines between those under it and the others, shape (N,)."""
    levels, count, row = np.array(QUANTILES), under.sum(axis=1), np.arange(len(ordered))
    right = np.clip(count, 1, len(levels) - 1)
    low, high = ordered[row, right - 1], ordered[row, right]
    crosses = (count > 0) & (count < len(levels))
    part = np.where(crosses, -low / np.where(crosses, high - low, 1.0), count > 0)
    return np.asarray(levels[right - 1] + part * (levels[right] - levels[right - 1]))


def _quantiles(of: OutOfSample) -> Floats:
    """Of the scored rows, in the order of the signal's pairs, shape (N, 5)."""
    panel, examples = of.bench.panel, of.bench.examples
    instants: Ints = panel.times[examples.at]
    place = np.searchsorted(instants, of.signal.pairs.times)
    return np.asarray(of.predicted.quantiles[place, of.bench.place])


def _share(hits: Floats, pairs: Pairs, lag: int) -> Measured:
    value = float(hits.mean())
    spread = math.sqrt(max(value * (1.0 - value), 1e-12))
    return measured(value, pairs.sums(hits - value), len(hits), lag, spread, 0.95)


def _ece(rows: Floats) -> float:
    return expected_calibration_error(rows[:, 0], rows[:, 1], BINS, by="count")


def _slope(rows: Floats) -> float | None:
    centred = rows[:, 0] - rows[:, 0].mean()
    spread = float(centred @ centred)
    return float(centred @ rows[:, 1]) / spread if spread > 0 else None


def _sharpe(rows: Floats) -> float | None:
    spread = float(rows.std(ddof=1))
    return float(rows.mean()) / spread * math.sqrt(DAYS_PER_YEAR) if spread > 0 else None


def _drawdown(rows: Floats) -> float:
    return float(underwater(np.append(1.0, 1.0 + np.cumsum(rows))).max())


def _measured(found: Measured | None) -> Json:
    if found is None:
        return {"value": None, "low": None, "high": None, "error": None, "effective_n": None}
    said = asdict(found)
    return {name: said[name] for name in ("value", "low", "high", "error", "effective_n", "lag")}


def _estimate(found: Estimate) -> Json:
    said = asdict(found)
    return {name: said[name] for name in ("value", "low", "high", "error", "block", "draws")}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
