"""The two kinds of backbones as learners: ridge over a window's rows, and networks over windows.

All see the same windows, scaled by the training rows alone, and none of the test rows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alphaloop.core.errors import NoData, NotFitted
from alphaloop.core.market import Floats, Ints
from alphaloop.core.protocols import Forecast
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.models.arrays import as_table
from alphaloop.models.residual import ResidualForecast
from alphaloop.models.ridge import Ridge
from alphaloop.training.backbones.settings import Settings
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Fitting, Told

if TYPE_CHECKING:
    from alphaloop.models.sequence.fitting import Epoch
    from alphaloop.models.sequence.forecaster import SequenceForecaster, Training

FEWEST = 64
"""Windows to learn from, and as few to choose an epoch by."""

_PIECE = 4096  # windows that exist at once


@dataclass(frozen=True, slots=True)
class MakeBackbone:
    """A backbone for some examples.

    Parameters
    ----------
    name : str
    settings : Settings
    """

    name: str
    settings: Settings

    def __call__(self, examples: Examples) -> "RidgeBackbone | NetworkBackbone":
        """Unfitted."""
        kind = RidgeBackbone if self.name == "ridge" else NetworkBackbone
        return kind(self.name, self.settings, examples.features_hash)


@dataclass(eq=False, slots=True)
class RidgeBackbone:
    """Ridge over the newest row of a window and those 1, 2, 4, 8 ... before it.

    All of a window of 96 rows and 64 features would be 6144 columns of near copies.

    Parameters
    ----------
    name : str
    settings : Settings
    features : str
        Hash of the features it is shown.
    """

    name: str
    settings: Settings
    features: str
    model: Ridge | None = field(default=None, init=False)

    def fit(self, train: WindowRows, how: Fitting) -> "RidgeBackbone":
        """Learn all horizons; errors as :meth:`alphaloop.models.ridge.Ridge.fit`."""
        how.progress(Told(variant=self.name))
        rows = thinned(train, self.settings.max_samples)
        model = Ridge(self.settings.penalty, rows="doubling", features=self.features)
        table = np.concatenate([as_table(piece, model.rows) for piece in _windows(rows)])
        self.model = model.fit_table(table, rows.targets)
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        if self.model is None:
            raise NotFitted("ridge regression")
        made = [self.model.predict(piece) for piece in _windows(rows)]
        return ResidualForecast(np.concatenate([one.mean for one in made]), made[0].errors)

    def save(self, folder: Path) -> dict[str, Path]:
        """One file."""
        if self.model is None:
            raise NotFitted("ridge regression")
        path = folder / "model.json"
        self.model.save(path)
        return {"model": path}

    def facts(self) -> dict[str, Any]:
        """Which backbone this is."""
        return {"backbone": self.name}


@dataclass(eq=False, slots=True)
class NetworkBackbone:
    """A network over windows, trained for the whole budget; the best epoch is kept.

    Parameters
    ----------
    name : str
    settings : Settings
    features : str
        Hash of the features it is shown.
    """

    name: str
    settings: Settings
    features: str
    model: "SequenceForecaster | None" = field(default=None, init=False)

    def fit(self, train: WindowRows, how: Fitting) -> "NetworkBackbone":
        """Learn all horizons.

        Raises
        ------
        NoData
            If there are too few windows.
        UnreadableFile, SchemaViolation
            If the checkpoint of an earlier try is damaged, or of another fit.
        DeviceLost
            If the device fails; the checkpoint of the last whole epoch stays.
        """
        from alphaloop.models.sequence.forecaster import SequenceForecaster
        from alphaloop.models.sequence.scaling import Scaling

        learning, stopping = parted(thinned(train, self.settings.max_samples), self.settings.held_out, how.embargo_us)
        self.model = SequenceForecaster(
            self._training(how), seed=how.seed, features=self.features, folder=how.folder / self.name,
            progress=_telling(self.name, how.progress, self._epochs(how)),
        )  # fmt: skip
        self.model.learn(learning, stopping, Scaling.of(learning.newest(), learning.targets))
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        if self.model is None:
            raise NotFitted(f"{self.name} network")
        return self.model.forecast(rows)

    def save(self, folder: Path) -> dict[str, Path]:
        """One file."""
        if self.model is None:
            raise NotFitted(f"{self.name} network")
        path = folder / "model.pt"
        self.model.save(path)
        return {"model": path}

    def facts(self) -> dict[str, Any]:
        """Which backbone this is, its weights, and losses by epoch."""
        if self.model is None:
            raise NotFitted(f"{self.name} network")
        return {
            "backbone": self.name,
            "epochs": [[one.number, one.train_loss, one.valid_loss] for one in self.model.history],
        }

    def _epochs(self, how: Fitting) -> int:
        return min(self.settings.epochs, how.epochs)

    def _training(self, how: Fitting) -> "Training":
        from alphaloop.models.sequence.fitting import Recipe, pick_device
        from alphaloop.models.sequence.forecaster import Training
        from alphaloop.models.sequence.losses import Loss

        settings, epochs = self.settings, self._epochs(how)
        fast = pick_device(settings.device).type == "cuda"
        recipe = Recipe(
            epochs=epochs, patience=epochs, batch=settings.batch, learning_rate=settings.learning_rate,
            rows=settings.rows, device=settings.device, precision="bfloat16" if fast else "float32", compile=fast,
            loss=Loss(huber=settings.huber),
        )  # fmt: skip
        return Training(backbone=self.name, recipe=recipe)


def thinned(rows: WindowRows, many: int) -> WindowRows:
    """At most ``many`` of the rows, evenly spaced, the newest among them."""
    if len(rows) <= many:
        return rows
    return rows.pick(np.unique(np.linspace(0, len(rows) - 1, many).round().astype(np.int64)))


def parted(rows: WindowRows, held_out: float, embargo_us: int) -> tuple[WindowRows, WindowRows]:
    """Rows to learn from, and the newest to choose by; no label of the first reaches the second.

    Raises
    ------
    NoData
        If either has fewer than :data:`FEWEST`.
    """
    times = rows.times
    first = int(times[int(len(times) * (1 - held_out))])
    early, late = np.flatnonzero(rows.ends <= first - embargo_us), np.flatnonzero(times >= first)
    if min(len(early), len(late)) < FEWEST:
        found = f"{len(early)} windows to learn from and {len(late)} to choose an epoch by"
        raise NoData(found, f"{FEWEST} or more of both", "widen the window, or use fewer folds")
    return rows.pick(early), rows.pick(late)


def _windows(rows: WindowRows) -> Iterator[Floats]:
    """Windows of the rows, some thousands at a time, NaN where unknown."""
    for start in range(0, len(rows), _PIECE):
        places: Ints = np.arange(start, min(start + _PIECE, len(rows)))
        yield rows.take(places).x


def _telling(name: str, progress: Callable[[Told], None], epochs: int) -> "Callable[[Epoch], None]":
    def tell(epoch: "Epoch") -> None:
        progress(
            Told(
                variant=name, epoch=epoch.number, epochs=epochs, train_loss=epoch.train_loss,
                valid_loss=epoch.valid_loss,
            )
        )  # fmt: skip

    return tell
