"""Walk-forward: every test row predicted by a model that was trained on the past only, fold after fold.

Folds are cut on timestamps, purged by the interval of each label and held apart by the embargo. A
fold's predictions are written whole when it is done, so a killed walk goes on at the fold it was
at, and a learner that keeps checkpoints at the epoch it was at. Who runs the folds does not change a byte.
"""

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, UnreadableFile
from alphaloop.core.market import Floats, Ints
from alphaloop.engine.executor import Executor, Serial
from alphaloop.hindsight.splits import WalkForward, audit
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import QUANTILES, Fitting, Make, Progress, Told, at_levels, silent
from alphaloop.training.chain.logs import FitLog

Pairs = tuple[tuple[Ints, Ints], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Cuts:
    """Training and test rows of every fold, as places among the N labelled rows, in time.

    Parameters
    ----------
    pairs : tuple of (train, test) int arrays
    overlaps : int
        Training labels that overlap a test label: 0, or :func:`cuts_of` would have refused.
    """

    pairs: Pairs
    overlaps: int

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """First row of each test and the one after its last."""
        return tuple((int(test.min()), int(test.max()) + 1) for _, test in self.pairs)


@dataclass(frozen=True, eq=False, slots=True)
class Predicted:
    """Out-of-sample predictions. N labelled rows, H horizons.

    Parameters
    ----------
    mean : float array, shape (N, H)
        In units of the targets; NaN where nothing was tested.
    quantiles : float array, shape (N, H, 5)
        At :data:`~alphaloop.training.chain.learner.QUANTILES`.
    cuts : Cuts
    """

    mean: Floats
    quantiles: Floats
    cuts: Cuts

    @property
    def blocks(self) -> tuple[tuple[int, int], ...]:
        """First row of each test and the one after its last."""
        return self.cuts.blocks

    @property
    def overlaps(self) -> int:
        """Training labels that overlap a test label."""
        return self.cuts.overlaps

    @property
    def tested(self) -> Ints:
        """Rows that have a prediction."""
        return np.flatnonzero(np.isfinite(self.mean).all(axis=1))


@dataclass(frozen=True, slots=True)
class _Work:
    """What every fold of a walk shares."""

    examples: Examples
    make: Make
    pairs: Pairs
    fitting: Fitting
    folds: int


def cuts_of(examples: Examples, folds: int, embargo_us: int) -> Cuts:
    """Anchored walk-forward on the labelled rows.

    Raises
    ------
    InvalidOption, NoData
        If there are too few rows for the folds.
    LookaheadError
        If a training label overlaps a test label.
    """
    times, ends = examples.rows.times, examples.rows.ends
    pairs = tuple(WalkForward(folds, embargo=embargo_us).split(times=times, ends=ends))
    return Cuts(pairs, audit(pairs, times=times, ends=ends).require().overlaps)


def walk(examples: Examples, make: Make, cuts: Cuts, fitting: Fitting, executor: Executor | None = None) -> Predicted:
    """Predict every test row by a model that was fitted without it.

    Parameters
    ----------
    examples : Examples
    make : callable
        Of one variant.
    cuts : Cuts
        Of the same examples.
    fitting : Fitting
        Its folder belongs to these examples, cuts, variant and seed alone: what is found in it is believed.
    executor : Executor, optional
        Serial where left out. Progress is told only where folds run in this process.

    Raises
    ------
    DegenerateData
        If a model predicts NaN or infinity.
    NoData
        If a fold has too few rows for the model.
    UnreadableFile
        If a finished fold's file is damaged.
    """
    mean = np.full((len(examples.rows), len(examples.horizons)), np.nan)
    quantiles = np.full((*mean.shape, len(QUANTILES)), np.nan)
    shared = _Work(examples, make, cuts.pairs, fitting, len(cuts.pairs))
    if executor is not None and not isinstance(executor, Serial):
        shared = replace(shared, fitting=replace(fitting, progress=silent))
    done = (executor or Serial()).run(_fold, shared, range(len(cuts.pairs)))
    for (_, test), found in zip(cuts.pairs, done, strict=True):
        mean[test], quantiles[test] = found["mean"], found["quantiles"]
    return Predicted(mean, quantiles, cuts)


def _fold(work: _Work, number: int) -> Mapping[str, Floats]:
    """One fold, from its file where it is done."""
    folder = work.fitting.folder / f"fold-{number}"
    kept = folder / "predictions.npz"
    if kept.exists():
        return _read(kept)
    folder.mkdir(parents=True, exist_ok=True)
    train, test = work.pairs[number]
    tell = _numbered(work.fitting.progress, work.examples.symbol, number + 1, work.folds)
    with FitLog(folder, tell) as log:
        how = replace(work.fitting, folder=folder, progress=log)
        fitted = work.make(work.examples).fit(work.examples.rows.pick(train), how)
    forecast = fitted.predict(work.examples.rows.pick(test))
    found = {"mean": np.asarray(forecast.mean, dtype=np.float64), "quantiles": at_levels(forecast)}
    if not bool(np.isfinite(found["mean"]).all()):
        many = int((~np.isfinite(found["mean"])).sum())
        raise DegenerateData(f"fold {number}: {many} predictions that are not finite", "a number a row", "")
    write_arrays(kept, found)
    return found


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Arrays into one file, whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read(path: Path) -> Mapping[str, Floats]:
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: held[name] for name in ("mean", "quantiles")}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        fix = f"delete {path} to have the fold fitted again"
        raise UnreadableFile(f"{path.name}: {error}", "predictions of a fold", fix) from error


def _numbered(progress: Progress, symbol: str, fold: int, folds: int) -> Progress:
    def tell(told: Told) -> None:
        progress(replace(told, symbol=symbol, fold=fold, folds=folds))

    return tell
