"""A residual gate: numbers forecast, and text corrects the forecast as far as it is trusted.

    forecast = base(x) + g(a) text(x),   g(a) = 1 / (1 + exp(-k (a - a0))),   a = log(1 + posts + events)

``base`` reads every feature but the text; ``text`` learns what ``base`` got wrong on rows that
``base`` had not seen; ``k`` and ``a0`` are fitted on newer rows than both. Where no text is
known, or none was said, nothing is added at all: those rows are the base's, to the bit.
Whether the gate may stay open is for others to judge; :meth:`ResidualGate.shut` closes it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData, NotFitted, SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.models import saved
from alphaloop.models.activity import Text, fit_gate, gate
from alphaloop.models.arrays import known, samples
from alphaloop.models.residual import ResidualForecast
from alphaloop.models.ridge import Ridge

KIND = "residual_gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gating:
    """How to fit.

    Parameters
    ----------
    base_penalty, text_penalty : float, > 0
        Of the two ridge regressions.
    folds : int, >= 2
        Blocks of time by which the base's errors are made out of fold.
    valid : float, above 0 and below 1
        Newest share of the rows, by which the gate is fitted.
    gap : int
        Rows left out on both sides of a block, so that no label reaches into it.
    fewest : int
        Rows with text that the text model, and the gate, need; with fewer the gate stays shut.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    base_penalty: float = 0.01
    text_penalty: float = 0.1
    folds: int = 5
    valid: float = 0.25
    gap: int = 0
    fewest: int = 30

    def __post_init__(self) -> None:
        if not (0 < self.valid < 1 and self.folds > 1 and self.gap >= 0 and self.fewest > 2):
            raise InvalidOption(f"{self}", "2 folds or more, a share in (0, 1), a gap of 0 or more, 3 rows or more", "")


class Inner(NamedTuple):
    """Rows inside a training window: by which folds the base errs honestly, and which newer ones fit the gate."""

    folds: Sequence[tuple[Ints, Ints]]
    valid: Ints


class ResidualGate:
    """A :class:`~alphaloop.core.protocols.Forecaster` of the newest rows of windows, text apart.

    Parameters
    ----------
    text : Text
        No text at all where left out: the model then is its base.
    plan : Gating
    features : str
        Hash of the features, written into the file and checked when it is read.

    Examples
    --------
    Numbers tell half of the target, and text the other half, where there is any.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(600, 1, 3))
    >>> X[:, 0, 2] = rng.integers(0, 2, 600)  # how many posts
    >>> y = X[:, 0, :1] + X[:, 0, 1:2] * X[:, 0, 2:]
    >>> model = ResidualGate(Text((1, 2), ((2, 1.0),))).fit(X, y)
    >>> model.predict(np.array([[[1.0, 1.0, 0.0]], [[1.0, 1.0, 1.0]]])).mean[:, 0].round().tolist()
    [1.0, 2.0]
    """

    def __init__(self, text: Text | None = None, plan: Gating | None = None, *, features: str = "") -> None:
        self.text, self.plan, self.features = text or Text(), plan or Gating(), features
        self.steepness: Floats = np.zeros(0)  # k of each horizon
        self.middle: Floats = np.zeros(0)  # a0
        self.open: Bools = np.zeros(0, dtype=np.bool_)
        self._base: Ridge | None = None
        self._correction: Ridge | None = None
        self._columns = 0

    @property
    def base(self) -> Ridge:
        """The model of everything but text; it reads the features that :meth:`rest` names.

        Raises
        ------
        NotFitted
            If there is no fit yet.
        """
        if self._base is None:
            raise NotFitted("residual gate")
        return self._base

    def rest(self, columns: int) -> list[int]:
        """Places of the features that the base reads, of so many."""
        return [place for place in range(columns) if place not in self.text.columns]

    def fit(self, X: Floats, y: Floats, mask: Bools | None = None) -> "ResidualGate":
        """Learn; rows in the order of time.

        Parameters
        ----------
        X : float array, shape (N, L, F)
        y : float array, shape (N, H)
            NaN where a label is missing.
        mask : bool array, shape (N, L, F), optional

        Raises
        ------
        NoData
            If there are too few rows for the folds.
        SchemaViolation, DegenerateData
            As :func:`alphaloop.models.arrays.samples`.
        """
        return self.learn(known(X, mask), y, _by_rows(len(X), self.plan))

    def learn(self, X: Floats, y: Floats, inner: Inner) -> "ResidualGate":
        """The same with folds of one's own, e.g. purged by the interval of each label.

        Parameters
        ----------
        X : float array, shape (N, L, F)
            NaN where unknown.
        y : float array, shape (N, H)
        inner : Inner
            Rows of ``X``.
        """
        given = samples(X, y, None, fewest=self.plan.fewest)
        rest = self.rest(X.shape[2])
        if len(rest) == 0 or max((*self.text.columns, *(one for one, _ in self.text.counts)), default=0) >= X.shape[2]:
            found = f"windows of {X.shape[2]} features, text at {self.text.columns}"
            raise SchemaViolation(found, "features of both kinds, all places among them", "build them alike")
        numbers, outcomes = given.X[:, -1:, rest], given.y
        errors = np.full(outcomes.shape, np.nan)
        for train, test in inner.folds:
            errors[test] = (
                outcomes[test] - self._ridge().fit(numbers[train], outcomes[train]).predict(numbers[test]).mean
            )
        early = np.concatenate([test for _, test in inner.folds])
        self._columns = X.shape[2]
        self._correction = self._correct(given.X, errors)
        before = self._ridge().fit(numbers[early], outcomes[early])
        self._fit_gates(given.X[inner.valid], outcomes[inner.valid] - before.predict(numbers[inner.valid]).mean)
        self._base = self._ridge().fit(numbers, outcomes)
        return self

    def predict(self, X: Floats, mask: Bools | None = None) -> ResidualForecast:
        """Forecasts of every horizon, shape (N, H); the spread is the base's.

        Raises
        ------
        NotFitted
            If there is no fit yet.
        SchemaViolation
            If there are other features than in the fit.
        """
        base, values = self.base, known(X, mask)
        if values.shape[2] != self._columns:
            found = f"windows of {values.shape[2]} features"
            raise SchemaViolation(found, f"the {self._columns} the model was fitted on", "build them alike")
        forecast = base.predict(values[:, -1:, self.rest(self._columns)])
        opened = np.array([one * self.open for one in self.openness(values)])
        active = np.flatnonzero(opened.any(axis=1)) if len(opened) else np.zeros(0, dtype=np.int64)
        if self._correction is None or len(active) == 0:
            return forecast
        mean = forecast.mean.copy()
        mean[active] += opened[active] * self._say(values[active])
        return ResidualForecast(mean, forecast.errors)

    def openness(self, X: Floats) -> Floats:
        """``g`` of windows (N, L, F) for each horizon, shape (N, H), were the gate open; 0 without text."""
        activity = self.text.activity(X[:, -1])
        opened = np.stack([gate(activity, k, a0) for k, a0 in zip(self.steepness, self.middle, strict=True)], axis=1)
        return np.where(activity[:, None] > 0, opened, 0.0)

    def shut(self, horizons: Sequence[int] | None = None) -> "ResidualGate":
        """Close the gate of some horizons, or of all: their forecasts are the base's from now on."""
        self.open[slice(None) if horizons is None else list(horizons)] = False
        return self

    def save(self, path: Path) -> str:
        """Write the model as text; returns the hash of its content."""
        said = None if self._correction is None else self._correction.content()
        gates = {"steepness": self.steepness.tolist(), "middle": self.middle.tolist(), "open": self.open.tolist()}
        content = {"base": self.base.content(), "correction": said, "columns": self._columns, **gates}
        of = self.text
        text = {"columns": of.columns, "counts": of.counts, "sides": of.sides, "crossed": of.crossed}
        return saved.write(path, KIND, self.features, {**content, "text": text, "plan": asdict(self.plan)})

    @classmethod
    def load(cls, path: Path, features: str | None = None) -> "ResidualGate":
        """A saved model; errors as :meth:`alphaloop.models.gbm.GradientBoosting.load`."""
        held = saved.read(path, KIND, features)
        counts = tuple((int(place), float(worth)) for place, worth in held["text"]["counts"])
        columns, sides, crossed = (tuple(held["text"][name]) for name in ("columns", "sides", "crossed"))
        text = Text(columns, counts, sides, crossed)
        model = cls(text, Gating(**held["plan"]), features=held["features"])
        model._base, model._columns = Ridge.of_content(held["base"]), held["columns"]
        model._correction = None if held["correction"] is None else Ridge.of_content(held["correction"])
        model.steepness, model.middle = np.array(held["steepness"]), np.array(held["middle"])
        model.open = np.array(held["open"], dtype=np.bool_)
        return model

    def _ridge(self) -> Ridge:
        return Ridge(self.plan.base_penalty)

    def _correct(self, X: Floats, errors: Floats) -> Ridge | None:
        """What text says of the base's errors, learnt where there is text; none where that is too rare."""
        active = np.flatnonzero((self.text.activity(X[:, -1]) > 0) & np.isfinite(errors).any(axis=1))
        if not self.text.columns or int(np.isfinite(errors[active]).sum(axis=0).min()) < self.plan.fewest:
            return None
        return Ridge(self.plan.text_penalty).fit(self.text.inputs(X[active]), errors[active])

    def _say(self, X: Floats) -> Floats:
        """The text model's correction of windows, shape (N, H)."""
        if self._correction is None:
            raise NoData("no text to learn from", f"{self.plan.fewest} rows with text", "")
        return self._correction.predict(self.text.inputs(X)).mean

    def _fit_gates(self, X: Floats, errors: Floats) -> None:
        """``k`` and ``a0`` of each horizon by rows that nothing was fitted on."""
        horizons = errors.shape[1]
        self.steepness, self.middle = np.ones(horizons), np.zeros(horizons)
        self.open = np.zeros(horizons, dtype=np.bool_)
        activity = self.text.activity(X[:, -1])
        active = activity > 0
        if self._correction is None or not active.any():
            return
        said = self._say(X[active])
        for horizon in range(horizons):
            there = np.isfinite(errors[active, horizon])
            if int(there.sum()) >= self.plan.fewest:
                found = fit_gate(activity[active][there], errors[active, horizon][there], said[there, horizon])
                self.steepness[horizon], self.middle[horizon] = found
                self.open[horizon] = True


def _by_rows(rows: int, plan: Gating) -> Inner:
    """Contiguous blocks of the older rows, and the newest ones, ``gap`` rows apart.

    Raises
    ------
    NoData
        If there are fewer rows than that needs.
    """
    newest = round(plan.valid * rows)
    early = rows - newest - plan.gap
    if early < plan.folds * (2 * plan.gap + plan.fewest) or newest < 1:
        found = f"{rows} rows, {newest} of them for the gate, a gap of {plan.gap}"
        raise NoData(found, f"{plan.folds} blocks of {plan.fewest} rows and twice the gap", "take a longer window")
    places, edges = np.arange(early), np.linspace(0, early, plan.folds + 1).astype(int)
    blocks = [places[first:stop] for first, stop in pairwise(edges)]
    folds = [(places[(places < block[0] - plan.gap) | (places > block[-1] + plan.gap)], block) for block in blocks]
    return Inner(folds, np.arange(rows - newest, rows))
