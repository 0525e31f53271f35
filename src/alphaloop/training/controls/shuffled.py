"""What a wrong protocol would have claimed: folds of shuffled rows, beside purged ones, where nothing can be known.

Labels of neighbouring bars overlap and slow features hardly move between them, so a row's neighbours in
the training set all but tell its label. Trees remember neighbours. The coefficient this gives on a
market without edge is the size of the mistake; purging takes it away and changes nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.splits import PurgedKFold, audit
from alphaloop.lake.sources.simulated.candles import market_bars
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.training.controls import pipeline
from alphaloop.training.controls.markets import Setting, market
from alphaloop.training.validation.panel import Panel

HORIZON = 48  # bars a label reads
FOLDS = 5
DEEP = Boosting(rounds=80, learning_rate=0.1, leaves=63, min_rows=20, bins=63, held_out=0.0)
"""Trees as they are used where nobody looks: deep enough to remember."""

Pairs = Iterable[tuple[Ints, Ints]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """A unit of work: one market without edge, tested both ways."""

    kind: str
    seed: int
    setting: Setting = field(default_factory=Setting)

    @property
    def name(self) -> str:
        """Of the unit's file."""
        return f"shuffled-{self.kind}-{self.setting.days}d-{self.seed}"


def demonstrate(unit: Demonstration) -> dict[str, Any]:
    """Both coefficients, and how many training rows overlapped their test.

    Returns
    -------
    dict
        ``kind seed shuffled purged shuffled_overlaps purged_overlaps``.
    """
    drawn = market(unit.setting, unit.kind, unit.seed)
    panel = pipeline.panel(market_bars(drawn), drawn.symbols, unit.setting.timeframe, HORIZON)
    rows = panel.rows
    wrong, right = (
        shuffled_folds(len(rows.times), unit.seed),
        list(PurgedKFold(FOLDS).split(times=rows.times, ends=rows.ends)),
    )
    found = {"kind": unit.kind, "seed": unit.seed}
    for name, pairs in (("shuffled", wrong), ("purged", right)):
        found[name] = coefficient(panel, pairs, unit.seed)
        found[f"{name}_overlaps"] = audit(pairs, times=rows.times, ends=rows.ends).overlaps
    return found


def shuffled_folds(rows: int, seed: int) -> list[tuple[Ints, Ints]]:
    """K-fold of rows in random order: what many a notebook does.

    Examples
    --------
    >>> sorted(int(row) for _, test in shuffled_folds(7, seed=0) for row in test)
    [0, 1, 2, 3, 4, 5, 6]
    """
    order = np.random.default_rng(seed).permutation(rows)
    tests = [np.sort(part) for part in np.array_split(order, FOLDS)]
    return [(np.setdiff1d(np.arange(rows), test), test) for test in tests]


def coefficient(panel: Panel, pairs: Pairs, seed: int) -> float:
    """Correlation of label and prediction over all test rows, as it would be reported."""
    rows = panel.rows
    shown: Floats = panel.X[rows.instant, rows.asset]
    labels: Floats = panel.y[rows.instant, rows.asset][:, None]
    made = np.full(len(labels), np.nan)
    for train, test in pairs:
        made[test] = GradientBoosting(DEEP, seed=seed).fit(shown[train], labels[train]).predict(shown[test]).mean[:, 0]
    return float(np.corrcoef(made, labels[:, 0])[0, 1])
