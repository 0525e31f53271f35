"""Predictions out of fold, inside a training window: what a later model may learn from an earlier one.

A teacher that predicts rows it was fitted on remembers them; a student would learn that memory. So each
row is predicted by a teacher that was fitted without it and without any label that overlaps its own.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from alphaloop.core.errors import UnreadableFile
from alphaloop.core.market import Floats
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.hindsight.splits import PurgedKFold
from alphaloop.training.chain.walk import write_arrays

FitPredict = Callable[[WindowRows, WindowRows, int], Floats]
"""Training rows, rows to predict, and the number of the fold; means ``(N, H)``."""


def out_of_fold(rows: WindowRows, fit_predict: FitPredict, *, folds: int, embargo_us: int, folder: Path) -> Floats:
    """Means of every row by a model that was fitted without it, shape (N, H).

    Parameters
    ----------
    rows : WindowRows
        A training window, by time.
    fit_predict : callable
    folds : int, >= 2
        Contiguous blocks, purged by label interval.
    embargo_us : int, microseconds
    folder : Path
        Belongs to these rows and this model alone; a fold that is there is believed.

    Raises
    ------
    InvalidOption, NoData
        If there are too few rows for the folds.
    UnreadableFile
        If a finished fold's file is damaged.
    """
    made = np.full(rows.targets.shape, np.nan)
    folder.mkdir(parents=True, exist_ok=True)
    splitter = PurgedKFold(folds, embargo=embargo_us)
    for number, (train, test) in enumerate(splitter.split(times=rows.times, ends=rows.ends)):
        kept = folder / f"inner-{number}.npz"
        if not kept.exists():
            write_arrays(kept, {"mean": fit_predict(rows.pick(train), rows.pick(test), number)})
        made[test] = _read(kept)
    return made


def _read(path: Path) -> Floats:

    try:
        with np.load(path, allow_pickle=False) as held:
            return np.asarray(held["mean"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UnreadableFile(f"{path.name}: {error}", "predictions of a fold", f"delete {path}") from error
