"""The chain of :mod:`alphaloop.training.validation` on the scene: folds, fits, rule, as users call it."""

from collections.abc import Callable

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, Floats, Ints
from alphaloop.core.protocols import Forecaster
from alphaloop.hindsight.splits import PurgedKFold, WalkForward
from alphaloop.training.tribunal.learning.panel import EMBARGO_US, HORIZON, STEP_US, make_panel, with_funding
from alphaloop.training.tribunal.scene import SYMBOLS
from alphaloop.training.tribunal.subject import Frames
from alphaloop.training.validation.folds import folds_of, out_of_sample
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule, trade

CHEAP = Rule(cost=1e-5)  # so that the rule trades
SPREAD = 0.005  # a bar's deviation, near enough
Make = Callable[[], Forecaster]


def chain_panel(frames: Frames) -> Panel:
    """The scene's training table on the clock of its bars, with the bars that pay."""
    rows, market = make_panel(frames), with_funding(frames)
    times = market.ts + STEP_US
    shape = (len(times), len(SYMBOLS))
    X, y, ends = np.full((*shape, 1, rows.X.shape[1]), np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    place = np.searchsorted(times, rows.start)
    X[place, rows.symbol, 0], y[place, rows.symbol], ends[place, rows.symbol] = rows.X, rows.y, rows.end
    close, paid = market.values[:, :, CLOSE], np.full(shape, np.nan)
    paid[:-1] = close[1:] / close[:-1] - 1
    return Panel(
        symbols=SYMBOLS,
        timeframe=market.timeframe,
        times=times,
        X=X,
        y=y,
        ends=ends,
        unit=np.full(shape, 1 / HORIZON),
        returns=paid,
        volatility=np.full(shape, SPREAD),
    )


def teacher(make: Make) -> Callable[[Frames], pl.DataFrame]:
    """Predictions for the training rows themselves, each by a model that was not shown it."""

    def predict(frames: Frames) -> pl.DataFrame:
        panel = chain_panel(frames)
        folds = folds_of(panel, PurgedKFold(4, embargo=EMBARGO_US))
        made, rows = out_of_sample(panel, folds, make), folds.rows
        return _table(rows.asset, made[rows.instant, rows.asset], start=rows.times, known_at=rows.ends)

    return predict


def positions(make: Make) -> Callable[[Frames], pl.DataFrame]:
    """What the rule holds on the blocks that are scored."""

    def decide(frames: Frames) -> pl.DataFrame:
        panel = chain_panel(frames)
        folds = folds_of(panel, WalkForward(5, test_size=80))
        found = trade(panel, folds, out_of_sample(panel, folds, make), CHEAP)
        asset = np.tile(np.arange(len(SYMBOLS)), len(found.times))
        return _table(asset, found.positions.ravel(), known_at=np.repeat(found.times, len(SYMBOLS)))

    return decide


def _table(asset: Ints, values: Floats, **instants: Ints) -> pl.DataFrame:
    names = pl.Series(SYMBOLS, dtype=pl.String).gather(asset)
    return pl.DataFrame({"symbol": names, **instants, "value": values})
