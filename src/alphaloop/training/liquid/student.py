"""The student: TSMixer over windows, learning from outcomes and from the teacher's out-of-fold predictions.

What it may know of the teacher is what the teacher knew without the row. Text features are hidden, values
and mask, in some training windows, so that a window without text is nothing new. Which epoch is best is
told by the newest part of the training rows; the weights are a moving average.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alphaloop.core.errors import NoData, NotFitted
from alphaloop.core.protocols import Forecast
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Fitting, Told
from alphaloop.training.liquid.settings import Settings
from alphaloop.training.liquid.teacher import Teacher, rows_of_longest

if TYPE_CHECKING:
    from alphaloop.models.sequence.fitting import Epoch
    from alphaloop.models.sequence.forecaster import SequenceForecaster, Training

FEWEST = 32
"""Windows to learn from, and as few to stop by."""

_BATCH = 32  # windows of a step at least
_STEPS = 32  # of an epoch at least, where batches can be that small


@dataclass(frozen=True, slots=True)
class MakeStudent:
    """A student for some examples.

    Parameters
    ----------
    settings : Settings
    distil : bool
        Whether it listens to the teacher.
    """

    settings: Settings
    distil: bool = True

    def __call__(self, examples: Examples) -> "Student":
        """Unfitted."""
        settings = self.settings if self.distil else self.settings.with_({"distil": 0.0})
        return Student(settings, examples.features_hash, rows_of_longest(examples), examples.groups["text"])


@dataclass(eq=False, slots=True)
class Student:
    """A :class:`~alphaloop.training.chain.learner.Learner` by a network.

    Parameters
    ----------
    settings : Settings
    features : str
        Hash of the features it is shown.
    gap : int
        Rows of the longest horizon.
    text : tuple of int
        Places of the text features.
    """

    settings: Settings
    features: str
    gap: int
    text: tuple[int, ...] = ()
    model: "SequenceForecaster | None" = field(default=None, init=False)
    _taught_by: Teacher | None = field(default=None, init=False)
    _last: tuple[WindowRows, Fitting] | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """By whether it listens to the teacher."""
        return "student" if self.settings.distil > 0 else "no_distil"

    def fit(self, train: WindowRows, how: Fitting) -> "Student":
        """Learn all horizons.

        Raises
        ------
        NoData
            If there are too few windows to learn from or to stop by.
        UnreadableFile
            If the checkpoint of an earlier try is damaged.
        SchemaViolation
            If it is of another fit.
        """
        from alphaloop.models.sequence.forecaster import SequenceForecaster
        from alphaloop.models.sequence.scaling import Scaling

        early, late = self._parted(train, how.embargo_us)
        if self.settings.distil > 0:
            teacher = Teacher(self.settings, self.features, self.gap)
            train = train.taught(teacher.out_of_fold(train, how))
        learning, stopping = train.pick(early), train.pick(late)
        scaling = Scaling.of(learning.newest(), learning.targets)
        self.model = SequenceForecaster(
            self._training(how, len(learning)), seed=how.seed, features=self.features, folder=how.folder / self.name,
            progress=self._telling(how),
        )  # fmt: skip
        self.model.learn(learning, stopping, scaling)
        self._last = (train, how)
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        if self.model is None:
            raise NotFitted("student")
        return self.model.forecast(rows)

    def save(self, folder: Path) -> dict[str, Path]:
        """The network, and a teacher fitted on the same rows to stand beside it."""
        if self.model is None or self._last is None:
            raise NotFitted("student")
        path = folder / "student.pt"
        self.model.save(path)
        self._taught_by = Teacher(self.settings, self.features, self.gap).fit(*self._last)
        return {"model": path, **self._taught_by.save(folder)}

    def facts(self) -> dict[str, Any]:
        """Scaling, losses by epoch, the teacher's trees."""
        if self.model is None or self.model.scaling is None:
            raise NotFitted("student")
        scaling = self.model.scaling
        parts = ("mean", "deviation", "target_mean", "target_deviation")
        return {
            "scaling": {name: _plain(getattr(scaling, name)) for name in parts},
            "epochs": [[one.number, one.train_loss, one.valid_loss] for one in self.model.history],
            **({} if self._taught_by is None else self._taught_by.facts()),
        }

    def _parted(self, train: WindowRows, embargo_us: int) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]":
        """Rows to learn from, and the newest to stop by; no label of the first reaches the second."""
        times, ends = train.times, train.ends
        first = int(times[int(len(times) * (1 - self.settings.held_out))])
        early, late = np.flatnonzero(ends <= first - embargo_us), np.flatnonzero(times >= first)
        if min(len(early), len(late)) < FEWEST:
            found = f"{len(early)} windows to learn from and {len(late)} to stop by"
            raise NoData(found, f"{FEWEST} or more of both", "widen the window, or use fewer folds")
        return early, late

    def _training(self, how: Fitting, rows: int) -> "Training":
        """For so many windows to learn from: few come in smaller batches, or an epoch would hardly be a step."""
        from alphaloop.models.sequence.fitting import Recipe, pick_device
        from alphaloop.models.sequence.forecaster import Training
        from alphaloop.models.sequence.losses import Loss

        settings = self.settings
        fast = pick_device(settings.device).type == "cuda"
        batch = min(settings.batch, max(_BATCH, 2 ** int(np.log2(rows / _STEPS))))
        recipe = Recipe(
            epochs=how.epochs, batch=batch, learning_rate=settings.learning_rate, patience=settings.patience,
            average=settings.average, device=settings.device, precision="bfloat16" if fast else "float32",
            compile=fast, hidden=self.text, hidden_share=settings.text_dropout if self.text else 0.0,
            rows=settings.rows, loss=Loss(huber=settings.huber, distil=settings.distil),
        )  # fmt: skip
        shape = {"blocks": settings.blocks, "hidden": settings.hidden, "dropout": settings.dropout}
        return Training(backbone="tsmixer", settings=shape, recipe=recipe)

    def _telling(self, how: Fitting) -> Any:
        def tell(epoch: "Epoch") -> None:
            how.progress(
                Told(
                    variant=self.name, epoch=epoch.number, epochs=how.epochs, train_loss=epoch.train_loss,
                    valid_loss=epoch.valid_loss,
                )
            )  # fmt: skip

        return tell


def _plain(values: Any) -> list[float | None]:
    """Numbers as JSON; what is infinite (a feature that does not vary) is none."""
    return [float(one) if np.isfinite(one) else None for one in values]
