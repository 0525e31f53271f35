"""The teacher: gradient boosting on the newest row of each window.

Where LightGBM cannot be imported a ridge regression stands in. That is never silent: the chain is
degraded, its candidates say so, and no gate passes them.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.market import Floats
from alphaloop.core.protocols import Forecast
from alphaloop.core.time import Timeframe
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.models.gbm import GradientBoosting
from alphaloop.models.ridge import Ridge
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.inner import out_of_fold
from alphaloop.training.chain.learner import Fitting, Told
from alphaloop.training.liquid.settings import Settings

_LEAF = 20  # rows of a leaf at least
_LEAVES_OF_ROWS = 50  # a leaf need hold no more than this part of the rows

INSTEAD = "teacher: ridge regression, because LightGBM cannot be imported"


def lightgbm_there() -> bool:
    """Whether the real teacher can be fitted here."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # OSError: installed, and the system lacks its libgomp
        return False
    return True


@dataclass(frozen=True, slots=True)
class MakeTeacher:
    """A teacher for some examples."""

    settings: Settings

    def __call__(self, examples: Examples) -> "Teacher":
        """Unfitted."""
        return Teacher(self.settings, examples.features_hash, rows_of_longest(examples))


def rows_of_longest(examples: Examples) -> int:
    """Bars of the longest horizon."""
    step = Timeframe.parse(examples.timeframe).us
    return max(Timeframe.parse(one).us for one in examples.horizons) // step


@dataclass(eq=False, slots=True)
class Teacher:
    """A :class:`~alphaloop.training.chain.learner.Learner` by trees.

    Parameters
    ----------
    settings : Settings
    features : str
        Hash of the features it is shown.
    gap : int
        Rows between what it learns from and what is held out.
    """

    settings: Settings
    features: str
    gap: int
    model: GradientBoosting | Ridge | None = field(default=None, init=False)
    name: str = field(default="teacher", init=False)

    def fit(self, train: WindowRows, how: Fitting) -> "Teacher":
        """Learn all horizons; see :class:`~alphaloop.models.gbm.GradientBoosting`."""
        how.progress(Told(variant=self.name))
        self.model = self._unfitted(how.seed, len(train)).fit(newest(train), train.targets)
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        if self.model is None:
            return self._unfitted(0).predict(newest(rows))  # says that it was never fitted
        return self.model.predict(newest(rows))

    def save(self, folder: Path) -> dict[str, Path]:
        """One JSON file."""
        path = folder / "teacher.json"
        (self.model or self._unfitted(0)).save(path)
        return {"teacher": path}

    def facts(self) -> dict[str, Any]:
        """Trees of each horizon; none of a ridge."""
        trees = self.model.trees if isinstance(self.model, GradientBoosting) else ()
        kind = "ridge" if isinstance(self.model, Ridge) else "lightgbm"
        return {"teacher": kind, "trees": list(trees)}

    def out_of_fold(self, train: WindowRows, how: Fitting) -> Floats:
        """Its predictions of the training rows, each by a teacher fitted without them, shape (N, H)."""

        def fit_predict(some: WindowRows, others: WindowRows, number: int) -> Floats:
            how.progress(Told(variant=f"{self.name}, out of fold", epoch=number, epochs=how.inner_folds))
            made = Teacher(self.settings, self.features, self.gap)._unfitted(how.seed + 1 + number, len(some))
            return np.asarray(made.fit(newest(some), some.targets).predict(newest(others)).mean)

        folder = how.folder / "teacher"
        return out_of_fold(train, fit_predict, folds=how.inner_folds, embargo_us=how.embargo_us, folder=folder)

    def _unfitted(self, seed: int, rows: int = 0) -> GradientBoosting | Ridge:
        """For so many training rows: few of them allow smaller leaves."""
        if not lightgbm_there():
            return Ridge(1.0, features=self.features)
        plan = self.settings.boosting(self.gap)
        plan = replace(plan, min_rows=min(plan.min_rows, max(_LEAF, rows // _LEAVES_OF_ROWS)))
        return GradientBoosting(plan, seed=seed, threads=_threads(), features=self.features)


def newest(rows: WindowRows) -> Floats:
    """The newest row of each window as a window of one row, shape (N, 1, F)."""
    return np.asarray(rows.newest(), dtype=np.float64)[:, None, :]


def _threads() -> int:
    """As many as torch takes, which the environment limits; the trees do not depend on it."""
    import torch

    return torch.get_num_threads()
