"""Folds of a panel, and predictions of rows that no model was trained on.

A splitter is asked once; every configuration of a search then meets the same folds. What is not
tested stays NaN: a prediction of a row that the model saw is not a prediction.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.core.protocols import Forecaster
from alphaloop.hindsight.splits import audit
from alphaloop.hindsight.splits.splitter import Splitter
from alphaloop.training.validation.panel import Panel, Rows

Make = Callable[[], Forecaster]


@dataclass(frozen=True, eq=False)
class Folds:
    """Training and test rows of every fold, in time.

    Parameters
    ----------
    rows : Rows
    pairs : tuple of (train, test) int arrays
        Places in ``rows``.
    overlaps : int
        Training rows whose label overlaps a test label, of all folds.
    """

    rows: Rows
    pairs: tuple[tuple[Ints, Ints], ...]
    overlaps: int

    @cached_property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """First instant of each test, and the one after its last: places in the panel's times."""
        spans = [self.rows.instant[test] for _, test in self.pairs]
        return tuple((int(one.min()), int(one.max()) + 1) for one in spans)


def folds_of(panel: Panel, splitter: Splitter) -> Folds:
    """The folds of a panel, their overlaps counted.

    Raises
    ------
    InvalidOption
        If there are fewer timestamps than folds.
    NoData
        If a fold has nothing to train on.
    LookaheadError
        If a training label overlaps a test label.
    """
    rows = panel.rows
    pairs = tuple(splitter.split(times=rows.times, ends=rows.ends))
    found = audit(pairs, times=rows.times, ends=rows.ends).require()
    return Folds(rows, pairs, found.overlaps)


def out_of_sample(panel: Panel, folds: Folds, make: Make, columns: tuple[int, ...] | None = None) -> Floats:
    """Predictions of every tested row by a model that was trained without it.

    Parameters
    ----------
    panel : Panel
    folds : Folds
        Of the same panel.
    make : callable
        Returns an unfitted forecaster; a new one for each fold.
    columns : tuple of int, optional
        The features it is shown; all where left out.

    Returns
    -------
    float array, shape (T, A), in units of the label
        NaN where nothing was tested.

    Raises
    ------
    DegenerateData
        If a model predicts NaN or infinity, or the same number throughout.
    NoData
        If a fold has too few rows for the model.
    """
    made = np.full(panel.y.shape, np.nan)
    chosen = list(range(panel.X.shape[3])) if columns is None else list(columns)
    shown = panel.X[folds.rows.instant, folds.rows.asset][:, :, chosen]
    labels = panel.y[folds.rows.instant, folds.rows.asset][:, None]
    for number, (train, test) in enumerate(folds.pairs):
        found = make().fit(shown[train], labels[train]).predict(shown[test]).mean[:, 0]
        if not bool(np.isfinite(found).all()):
            many = int((~np.isfinite(found)).sum())
            raise DegenerateData(f"fold {number}: {many} predictions that are not finite", "a number a row", "")
        made[folds.rows.instant[test], folds.rows.asset[test]] = found
    _check_varies(made)
    return made


def _check_varies(predictions: Floats) -> None:
    known = predictions[~np.isnan(predictions)]
    if len(known) == 0:
        raise NoData("no prediction", "one at least", "test some rows")
    if float(known.min()) == float(known.max()):
        raise DegenerateData(
            f"the prediction {known[0]:g} throughout", "predictions that vary", "a weaker penalty, or smaller leaves"
        )


def later(folds: Folds) -> Iterator[tuple[int, int]]:
    """Blocks that have an earlier block before them, each as (first, stop): those that are scored.

    Raises
    ------
    NoData
        If there is only one.
    """
    if len(folds.blocks) < 2:
        raise NoData("a single test block", "two or more: the first one only fits the rule", "use more folds")
    return iter(folds.blocks[1:])
