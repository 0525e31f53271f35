"""A student of events: a small network of five features that learns from outcomes and from a teacher.

    loss = (1 - d) CE(y, p) + d CE(z, p),   CE(q, p) = -q log p - (1 - q) log(1 - p)

``y`` is what happened, ``z`` a linear teacher's probability of it, told of rows the teacher had not
seen. Knows neither events nor time; which rows stop the fit is for the caller to say.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData, NotFitted, SchemaViolation
from alphaloop.core.market import Floats, Ints
from alphaloop.models.arrays import moments
from alphaloop.models.sequence import checkpoint

KIND = "vc-student"
FEWEST = 20
"""Rows to learn from, and as few to stop by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distilling:
    """How to learn.

    Parameters
    ----------
    hidden : tuple of int
        Units of each layer.
    distil : float in [0, 1]
        ``d``: share of the teacher.
    epochs, patience : int
        Passes at most, and without a lower loss on the rows that stop the fit.
    batch : int, rows
    learning_rate, weight_decay : float

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    hidden: tuple[int, ...] = (32, 16)
    distil: float = 0.5
    epochs: int = 40
    patience: int = 6
    batch: int = 512
    learning_rate: float = 3e-3
    weight_decay: float = 1e-4

    def __post_init__(self) -> None:
        counts = min((*self.hidden, self.epochs, self.patience, self.batch), default=0)
        if counts < 1 or not self.hidden or not 0 <= self.distil <= 1 or self.learning_rate <= 0:
            raise InvalidOption(f"{self}", "counts of 1 or more, distil in [0, 1], a rate above 0", "")


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over the rows: its number from 1, and the loss on those that teach and those that stop."""

    number: int
    train_loss: float
    valid_loss: float


class Student:
    """Probability of an outcome from a few features.

    Parameters
    ----------
    how : Distilling
    seed : int
        Of weights and order.
    features : str
        Hash of the features, written into the file and checked when it is read.
    progress : callable, optional
        Told each pass as it ends.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 2))
    >>> y = (X[:, 0] > 0).astype(float)
    >>> model = Student().fit(X, y, y, np.arange(500, 600))
    >>> bool((model.predict(X) > 0.5)[y > 0].mean() > 0.9)
    True
    """

    def __init__(
        self, how: Distilling | None = None, *, seed: int = 0, features: str = "",
        progress: Callable[[Pass], None] | None = None,
    ) -> None:  # fmt: skip
        self.how, self.seed, self.features, self.progress = how or Distilling(), seed, features, progress
        self.history: list[Pass] = []
        self._mean = self._scale = np.zeros(0)
        self._network: nn.Module | None = None

    def fit(self, X: Floats, y: Floats, teacher: Floats, valid: Ints) -> "Student":
        """Learn; the pass with the lowest loss on ``valid`` is kept.

        Parameters
        ----------
        X : float array, shape (N, F)
            NaN where unknown; counts as the mean.
        y : float array, shape (N,), 0 or 1
        teacher : float array, shape (N,), 0 to 1
            NaN where the teacher has not told: the row counts by its outcome alone.
        valid : int array
            Rows that nothing is learnt from. They say when to stop.

        Raises
        ------
        NoData
            If there are too few rows of either kind.
        DegenerateData
            If all outcomes that teach are alike.
        SchemaViolation
            If lengths differ, or a target is not between 0 and 1.
        """
        _check(X, y, teacher)
        learn = np.setdiff1d(np.arange(len(y)), valid)
        if min(len(learn), len(valid)) < FEWEST:
            found = f"{len(learn)} rows to learn from and {len(valid)} to stop by"
            raise NoData(found, f"{FEWEST} or more of each", "take more events, or fewer folds")
        if float(y[learn].min()) == float(y[learn].max()):
            raise DegenerateData(f"outcomes that are all {y[learn][0]:g}", "some of each", "take more events")
        self._mean, self._scale = moments(X[learn])
        torch.manual_seed(self.seed)
        network = _network(X.shape[1], self.how.hidden)
        soft = np.where(np.isnan(teacher), y, (1 - self.how.distil) * y + self.how.distil * teacher)
        inputs, targets = _tensor(self._standard(X)), _tensor(soft)  # CE is linear in its target: one mix of both
        self.history = list(_passes(network, (inputs, targets), (learn, valid), self))
        self._network = network
        return self

    def predict(self, X: Floats) -> Floats:
        """Probabilities, shape (N,).

        Raises
        ------
        NotFitted
            If there is no fit yet.
        SchemaViolation
            If there are other features than in the fit.
        """
        if self._network is None:
            raise NotFitted("student of events")
        if X.ndim != 2 or X.shape[1] != len(self._mean):
            raise SchemaViolation(f"rows of shape {X.shape}", f"(N, {len(self._mean)})", "build them alike")
        with torch.no_grad():
            logits = self._network(_tensor(self._standard(X))).squeeze(-1)
        return np.asarray(torch.sigmoid(logits).numpy(), dtype=np.float64)

    def save(self, path: Path) -> str:
        """Write weights and scales; returns the hash of the content."""
        if self._network is None:
            raise NotFitted("student of events")
        inverse = (1.0 / self._scale).tolist()  # 0 where a feature does not vary
        held = {"kind": KIND, "how": asdict(self.how), "seed": self.seed, "features": self.features}
        scales = {"mean": self._mean.tolist(), "inverse": inverse}
        return checkpoint.write(path, {**held, **scales, "weights": self._network.state_dict()})

    @classmethod
    def load(cls, path: Path, features: str | None = None) -> "Student":
        """A saved student.

        Raises
        ------
        UnreadableFile
            If the file is damaged.
        SchemaViolation
            If it holds something else, or was fitted on other features.
        """
        held = checkpoint.read(path, device=torch.device("cpu"))
        if held.get("kind") != KIND:
            raise SchemaViolation(f"{path.name}: a {held.get('kind')}", f"a {KIND}", "load it as what it is")
        if features is not None and features != held["features"]:
            raise SchemaViolation(f"{path.name}: features {held['features']}", f"{features}", "fit it again")
        how = Distilling(**{**held["how"], "hidden": tuple(held["how"]["hidden"])})
        model = cls(how, seed=held["seed"], features=held["features"])
        model._mean, inverse = np.array(held["mean"]), np.array(held["inverse"])
        model._scale = np.divide(1.0, inverse, out=np.full(len(inverse), np.inf), where=inverse > 0)
        model._network = _network(len(model._mean), how.hidden)
        model._network.load_state_dict(held["weights"])
        return model

    def _standard(self, X: Floats) -> Floats:
        """Deviations from the training mean; 0 where unknown."""
        return np.nan_to_num((X - self._mean) / self._scale, nan=0.0)


def _passes(network: nn.Module, data: tuple[Tensor, Tensor], rows: tuple[Ints, Ints], student: Student) -> list[Pass]:
    """Passes until the loss on the held-out rows no longer falls; the best weights stay in the network."""
    (inputs, targets), (learn, valid), how = data, rows, student.how
    order = torch.Generator().manual_seed(student.seed)
    steps = torch.optim.AdamW(network.parameters(), lr=how.learning_rate, weight_decay=how.weight_decay)
    chosen, held = torch.from_numpy(learn), torch.from_numpy(valid)
    best, kept, made = float("inf"), network.state_dict(), []
    since = 0
    for number in range(1, how.epochs + 1):
        total = 0.0
        for part in torch.split(chosen[torch.randperm(len(chosen), generator=order)], how.batch):
            steps.zero_grad()
            loss = _loss(network, inputs[part], targets[part])
            loss.backward()  # type: ignore[no-untyped-call]
            steps.step()
            total += float(loss.detach()) * len(part)
        with torch.no_grad():
            told = Pass(number, total / len(chosen), float(_loss(network, inputs[held], targets[held])))
        made.append(told)
        if student.progress is not None:
            student.progress(told)
        since += 1
        if told.valid_loss < best:
            best, since = told.valid_loss, 0
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        if since >= how.patience:
            break
    network.load_state_dict(kept)
    return made


def _loss(network: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    return binary_cross_entropy_with_logits(network(inputs).squeeze(-1), targets)


def _network(inputs: int, hidden: tuple[int, ...]) -> nn.Module:
    layers: list[nn.Module] = []
    for width in hidden:
        layers += [nn.Linear(inputs, width), nn.ReLU()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, 1))


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float32))


def _check(X: Floats, y: Floats, teacher: Floats) -> None:
    if X.ndim != 2 or y.shape != (len(X),) or teacher.shape != y.shape:
        raise SchemaViolation(
            f"shapes {X.shape}, {y.shape}, {teacher.shape}", "(N, F), (N,) and (N,)", "align them by row"
        )
    told = np.concatenate([y, teacher[~np.isnan(teacher)]])
    if not bool(((told >= 0) & (told <= 1)).all()) or bool(np.isinf(X).any()):
        raise SchemaViolation("outcomes or a teacher beyond 0 and 1, or infinite inputs", "probabilities", "clip them")
