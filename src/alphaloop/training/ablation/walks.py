"""Walks of an ablation: folds fitted once and asked with features hidden, and folds that never saw them.

A feature is hidden as a missing one is: NaN, and its mask says so. A fold is written whole when it is
done, with the predictions of every way of asking, so a killed walk goes on at the fold it was at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.engine.executor import Executor, Serial
from alphaloop.hindsight.splits import PurgedKFold, audit
from alphaloop.training.ablation.taking import Taken
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import QUANTILES, Fitting, Make, at_levels
from alphaloop.training.chain.walk import Cuts, Predicted, walk, write_arrays

FULL = "full"
_FILE = "hidden.npz"


@dataclass(frozen=True, slots=True)
class _Work:
    examples: Examples
    make: Make
    cuts: Cuts
    fitting: Fitting
    columns: Mapping[str, tuple[int, ...]]


def kfold_of(examples: Examples, folds: int, embargo_us: int) -> Cuts:
    """Purged K-fold on the labelled rows: each is tested once, by a model that also learned from what came later.

    Raises
    ------
    InvalidOption, NoData
        If there are too few rows for the folds.
    LookaheadError
        If a training label overlaps a test label.
    """
    times, ends = examples.rows.times, examples.rows.ends
    pairs = tuple(PurgedKFold(folds, embargo=embargo_us).split(times=times, ends=ends))
    return Cuts(pairs, audit(pairs, times=times, ends=ends).require().overlaps)


def hidden(rows: WindowRows, columns: Sequence[int]) -> WindowRows:
    """The same rows with some features missing throughout their windows."""
    own = rows.symbols[0]
    places = list(columns) if rows.columns is None else [rows.columns[one] for one in columns]
    values = np.array(own.values, dtype=np.float32)
    values[:, places] = np.nan
    return replace(rows, symbols=(replace(own, values=values), *rows.symbols[1:]))


def walk_hidden(
    examples: Examples,
    make: Make,
    cuts: Cuts,
    fitting: Fitting,
    taken: Sequence[Taken],
    executor: Executor | None = None,
) -> dict[str, Predicted]:
    """Predictions of every test row with all features, and with each variant's features hidden, by the same fits.

    Parameters
    ----------
    examples : Examples
    make : callable
    cuts : Cuts
    fitting : Fitting
        Its folder belongs to these examples, cuts, variants and seed alone.
    taken : sequence of Taken
        Those with a reason are left out.
    executor : Executor, optional

    Returns
    -------
    dict of name to Predicted
        ``full`` first.

    Raises
    ------
    DegenerateData
        If a prediction is not finite.
    SchemaViolation
        If the folder was made for other variants.
    """
    columns = {FULL: (), **{one.name: one.columns for one in taken if not one.reason}}
    shape = (len(examples.rows), len(examples.horizons))
    means = {name: np.full(shape, np.nan) for name in columns}
    quantiles = {name: np.full((*shape, len(QUANTILES)), np.nan) for name in columns}
    shared = _Work(examples, make, cuts, fitting, columns)
    for number, found in enumerate((executor or Serial()).run(_fold, shared, range(len(cuts.pairs)))):
        test = cuts.pairs[number][1]
        for name in columns:
            means[name][test], quantiles[name][test] = found[name], found[f"{name} quantiles"]
    return {name: Predicted(means[name], quantiles[name], cuts) for name in columns}


def walk_again(
    examples: Examples, make: Make, cuts: Cuts, fitting: Fitting, one: Taken, executor: Executor | None = None
) -> Predicted:
    """Predictions of every test row by models that never saw the variant's features, or saw its rows alone.

    Parameters are those of :func:`walk_hidden`.

    Raises
    ------
    NoData, DegenerateData
        If what is left cannot teach.
    """
    how = replace(fitting, folder=fitting.folder / one.name)
    if one.rows is None:
        left = [place for place in range(len(examples.features)) if place not in set(one.columns)]
        return walk(examples.seen(left), make, cuts, how, executor)
    strong = one.rows
    pairs = tuple((train[strong[train]], test) for train, test in cuts.pairs)
    fewest = min(len(train) for train, _ in pairs)
    if fewest == 0:
        raise NoData("a fold without a row of the event window to learn from", "one at least", "lower the threshold")
    return walk(examples, make, replace(cuts, pairs=pairs), how, executor)


def _fold(work: _Work, number: int) -> Mapping[str, Floats]:
    folder = work.fitting.folder / f"fold-{number}"
    kept = folder / _FILE
    if kept.exists():
        return _read(kept, work)
    folder.mkdir(parents=True, exist_ok=True)
    train, test = (work.examples.rows.pick(part) for part in work.cuts.pairs[number])
    fitted = work.make(work.examples).fit(train, replace(work.fitting, folder=folder))
    found: dict[str, Any] = {}
    for name, columns in work.columns.items():
        forecast = fitted.predict(hidden(test, columns) if columns else test)
        found[name] = np.asarray(forecast.mean, dtype=np.float64)
        found[f"{name} quantiles"] = at_levels(forecast)
        if not bool(np.isfinite(found[name]).all()):
            raise DegenerateData(f"fold {number}, {name}: predictions that are not finite", "a number a row", "")
    write_arrays(kept, found)
    return found


def _read(path: Any, work: _Work) -> Mapping[str, Floats]:
    with np.load(path, allow_pickle=False) as held:
        wanted = [key for name in work.columns for key in (name, f"{name} quantiles")]
        if set(held.files) != set(wanted):
            raise SchemaViolation(f"{path.name} of {held.files}", f"{wanted}", "use a folder of its own")
        return {name: held[name] for name in wanted}
