"""Chains that decide with what only the end of the backtest knows."""

from collections.abc import Callable

import numpy as np
import polars as pl

from alphaloop.core.market import Floats
from alphaloop.hindsight.splits import PurgedKFold, WalkForward
from alphaloop.hindsight.splits.splitter import Splitter
from alphaloop.training.tribunal.catalogue.fits import linear, predicted
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.learning.panel import EMBARGO_US, Panel, make_panel
from alphaloop.training.tribunal.learning.subjects import Decided
from alphaloop.training.tribunal.scene import CLOCK, SYMBOLS
from alphaloop.training.tribunal.subject import Frames

FORWARD = WalkForward(5, test_size=80)
THRESHOLDS = (0.0, 0.0005, 0.001, 0.002, 0.004)


def traded(splitter: Splitter, size: Callable[[Panel, Floats], Floats]) -> Callable[[Frames], pl.DataFrame]:
    """Predictions of each test block, made into positions by ``size``."""

    def decide(frames: Frames) -> pl.DataFrame:
        panel = make_panel(frames)
        made = np.full(len(panel.y), np.nan)
        for train, test in splitter.split(times=panel.start, ends=panel.end):
            made[test] = predicted(linear(panel.X[train], panel.y[train]), panel.X[test])
        values, known = size(panel, made), ~np.isnan(made)
        names = pl.Series(SYMBOLS, dtype=pl.String).gather(panel.symbol)
        rows = pl.DataFrame({"symbol": names, "known_at": panel.start, "value": values})
        return rows.filter(pl.Series(known))

    return decide


def as_predicted(_panel: Panel, made: Floats) -> Floats:
    """The prediction is the position."""
    return made


def thresholded(whole: bool) -> Callable[[Panel, Floats], Floats]:
    """Trade above the threshold that earned most, on all rows or on those that were over before each day."""

    def size(panel: Panel, made: Floats) -> Floats:
        known = ~np.isnan(made)
        positions = np.full(len(made), np.nan)
        for day in np.unique(panel.start[known] // 86_400_000_000):
            now = known & (panel.start // 86_400_000_000 == day)
            seen = known & (whole | (panel.end <= panel.start[now].min()))
            earned = [float((_held(made[seen], one) * panel.y[seen]).sum()) for one in THRESHOLDS]
            positions[now] = _held(made[now], THRESHOLDS[int(np.argmax(earned))])
        return positions

    return size


def _held(made: Floats, threshold: float) -> Floats:
    return np.where(np.abs(made) > threshold, np.sign(made), 0.0)


def scaled(whole: bool) -> Callable[[Panel, Floats], Floats]:
    """Positions in units of the largest prediction, of all rows or of those decided so far."""

    def size(_panel: Panel, made: Floats) -> Floats:
        strength = np.abs(np.nan_to_num(made))
        if whole:
            return np.asarray(made / strength.max())
        return np.asarray(made / np.maximum.accumulate(strength))  # rows come by time, then symbol

    return size


def pair(
    name: str, leak: str, leaky: Callable[[Frames], pl.DataFrame], clean: Callable[[Frames], pl.DataFrame]
) -> Pair:
    """A pair of chains on bars."""
    return Pair(name, leak, Decided(f"{name} (leaky)", (CLOCK,), leaky), Decided(f"{name} (clean)", (CLOCK,), clean))


PAIRS: tuple[Pair, ...] = (
    pair(
        "K-fold predictions traded in time",
        "purged, and made by models that were trained on what came later",
        traded(PurgedKFold(5, embargo=EMBARGO_US), as_predicted),
        traded(FORWARD, as_predicted),
    ),
    pair(
        "threshold tuned on the whole backtest",
        "predictions are out of sample, the threshold that trades them is not",
        traded(FORWARD, thresholded(True)),
        traded(FORWARD, thresholded(False)),
    ),
    pair(
        "positions scaled by the whole backtest",
        "in units of the largest prediction that will be made",
        traded(FORWARD, scaled(True)),
        traded(FORWARD, scaled(False)),
    ),
)
