"""Fits that see past their training window, or do not look into it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alphaloop.core.market import Bools, Floats
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.learning.panel import EMBARGO_US, Panel, make_panel, probe
from alphaloop.training.tribunal.learning.subjects import Fit, Span
from alphaloop.training.tribunal.scene import CLOCK
from alphaloop.training.tribunal.subject import Frames

PENALTIES = (1e-4, 1e-2, 1.0)
STEPS = 120  # of descent
HOURS = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """A panel and which of its rows are what.

    Parameters
    ----------
    panel : Panel
    train : bool array, shape (n,)
        Labels that begin and end in the training window.
    all : bool array, shape (n,)
    later : bool array, shape (n,)
        Labels that begin after it.
    """

    panel: Panel
    train: Bools
    all: Bools
    later: Bools

    def held_out(self) -> tuple[Bools, Bools]:
        """The training rows as an earlier part and a last fifth, apart by the length of a label and more."""
        starts = self.panel.start[self.train]
        cut = int(np.quantile(starts, 0.8))
        return self.train & (self.panel.start <= cut - EMBARGO_US), self.train & (self.panel.start > cut)


Learn = Callable[[Sample], Floats]


def windowed(learn: Learn) -> Callable[[Frames, Span], Floats]:
    """A fit that is told which rows are which."""

    def fitted(frames: Frames, span: Span) -> Floats:
        panel = make_panel(frames)
        train = (panel.start > span.begin) & (panel.end <= span.until)
        return learn(Sample(panel, train, np.ones(len(train), dtype=np.bool_), panel.start > span.until))

    return fitted


def linear(X: Floats, y: Floats, penalty: float = 1e-2) -> Floats:
    """Weights of a ridge regression on features as they are, the constant last."""
    table = _with_one(X)
    gram = table.T @ table + penalty * np.eye(table.shape[1])
    return np.asarray(np.linalg.solve(gram, table.T @ y))


def predicted(weights: Floats, X: Floats | None = None) -> Floats:
    """Predictions on the probe, or on other inputs."""
    return np.asarray(_with_one(probe() if X is None else X) @ weights)


def _with_one(X: Floats) -> Floats:
    return np.hstack([X, np.ones((len(X), 1))])


def scaled(by: str) -> Learn:
    """A regression on features scaled by the mean and deviation of some rows."""

    def learn(sample: Sample) -> Floats:
        seen, train = sample.panel.X[getattr(sample, by)], sample.panel.rows(sample.train)
        mean, deviation = seen.mean(axis=0), seen.std(axis=0)
        return predicted(linear((train.X - mean) / deviation, train.y, 1.0), (probe() - mean) / deviation)

    return learn


def encoded(by: str) -> Learn:
    """The hour of the day as the mean label of that hour among some rows."""

    def learn(sample: Sample) -> Floats:
        seen, train = sample.panel.rows(getattr(sample, by)), sample.panel.rows(sample.train)
        means = np.array([seen.y[seen.X[:, -1] == hour].sum() for hour in range(HOURS)])
        return predicted(linear(_coded(train.X, means), train.y), _coded(probe(), means))

    return learn


def _coded(X: Floats, means: Floats) -> Floats:
    return np.hstack([X[:, :-1], means[X[:, -1].astype(np.int64)][:, None]])


def chosen_features(by: str) -> Learn:
    """The two features that go best with the label among some rows."""

    def learn(sample: Sample) -> Floats:
        seen, train = sample.panel.rows(getattr(sample, by)), sample.panel.rows(sample.train)
        match = np.abs(((seen.X - seen.X.mean(axis=0)) * seen.y[:, None]).mean(axis=0) / seen.X.std(axis=0))
        best = np.argsort(match)[-2:]
        return np.append(predicted(linear(train.X[:, best], train.y), probe()[:, best]), match)

    return learn


def clipped(by: str) -> Learn:
    """Labels cut at the 5th and 95th percentile of some rows."""

    def learn(sample: Sample) -> Floats:
        train = sample.panel.rows(sample.train)
        low, high = np.quantile(sample.panel.y[getattr(sample, by)], (0.05, 0.95))
        return predicted(linear(train.X, np.clip(train.y, low, high)))

    return learn


def balanced(by: str) -> Learn:
    """Rows weighed so that gains and losses count alike, by their shares among some rows."""

    def learn(sample: Sample) -> Floats:
        train = sample.panel.rows(sample.train)
        gains = float((sample.panel.y[getattr(sample, by)] > 0).mean())
        root = np.sqrt(np.where(train.y > 0, 1 - gains, gains))
        table = _with_one(train.X) * root[:, None]
        gram = table.T @ table + 1e-2 * np.eye(table.shape[1])
        return predicted(np.asarray(np.linalg.solve(gram, table.T @ (train.y * root)), dtype=np.float64))

    return learn


def stopped(by_later: bool) -> Learn:
    """Descent that stops where the error on rows held out, or on the test, is least."""

    def learn(sample: Sample) -> Floats:
        early, held = sample.held_out()
        judged = sample.panel.rows(sample.later if by_later else held)
        return predicted(_descent(sample.panel.rows(early), judged))

    return learn


def _descent(train: Panel, judged: Panel, weights: Floats | None = None) -> Floats:
    """Weights of the step whose error on ``judged`` is least; wild inputs are clipped, or it would run away."""
    table, other = (_with_one(np.clip(one.X / _SCALE, -3.0, 3.0)) for one in (train, judged))
    weights = np.zeros(table.shape[1]) if weights is None else weights
    best, least = weights, np.inf
    for _ in range(STEPS):
        weights = weights - 0.05 * table.T @ (table @ weights - train.y) / len(train.y)
        error = float(((other @ weights - judged.y) ** 2).sum())
        best, least = (weights, error) if error < least else (best, least)
    return np.append(best[:-1] / _SCALE, best[-1])


_SCALE = np.array([0.01, 0.015, 0.02, 0.04, 0.5, 12.0])  # of the features, by eye


def tuned(by_later: bool) -> Learn:
    """The penalty that does best on rows held out, or on the test."""

    def learn(sample: Sample) -> Floats:
        early, held = sample.held_out()
        train, judged = sample.panel.rows(early), sample.panel.rows(sample.later if by_later else held)
        fits = [linear(train.X, train.y, penalty) for penalty in PENALTIES]
        errors = [float(((predicted(one, judged.X) - judged.y) ** 2).sum()) for one in fits]
        return np.append(predicted(fits[int(np.argmin(errors))]), errors)

    return learn


def expert(by: str) -> Learn:
    """Of the experts that follow or fade one feature each, the one that earned most among some rows."""

    def learn(sample: Sample) -> Floats:
        seen = sample.panel.rows(getattr(sample, by))
        earned = (np.sign(seen.X) * seen.y[:, None]).sum(axis=0)
        best = int(np.argmax(np.abs(earned)))
        return np.append(np.sign(probe()[:, best]) * np.sign(earned[best]), earned)

    return learn


def blended(by: str) -> Learn:
    """Experts weighed by what they earned among some rows."""

    def learn(sample: Sample) -> Floats:
        train, seen = sample.panel.rows(sample.train), sample.panel.rows(getattr(sample, by))
        weights = (np.sign(seen.X) * seen.y[:, None]).sum(axis=0)
        return np.asarray(predicted(linear(train.X, train.y)) + np.sign(probe()) @ weights)

    return learn


def resumed(by: str) -> Learn:
    """Descent from weights that were learned on some rows before."""

    def learn(sample: Sample) -> Floats:
        early, held = sample.held_out()
        start = linear(sample.panel.X[getattr(sample, by)] / _SCALE, sample.panel.y[getattr(sample, by)])
        return predicted(_descent(sample.panel.rows(early), sample.panel.rows(held), start))

    return learn


def plain(frames: Frames, span: Span) -> Floats:
    """The honest fit: labels that begin and end in the window."""
    return windowed(lambda sample: predicted(linear(sample.panel.X[sample.train], sample.panel.y[sample.train])))(
        frames, span
    )


def begun_in_window(frames: Frames, span: Span) -> Floats:
    """Rows decided in the window, though their labels end after it."""
    panel = make_panel(frames)
    inside = (panel.start > span.begin) & (panel.start <= span.until)
    return predicted(linear(panel.X[inside], panel.y[inside]))


def unfiltered(frames: Frames, span: Span) -> Floats:
    """A date filter that only knows lists, and is given a tuple (QuantaAlpha, issue 27)."""
    panel = make_panel(frames)
    inside = np.ones(len(panel.y), dtype=np.bool_)
    if isinstance(span, list):
        inside = (panel.start > span[0]) & (panel.end <= span[1])
    return predicted(linear(panel.X[inside], panel.y[inside]))


def unheeding(frames: Frames, _span: Span) -> Floats:
    """The first five days, whatever window was asked for (FinRL-Meta, issue 160)."""
    panel = make_panel(frames)
    early = panel.start < panel.start.min() + 5 * 48 * 1_800_000_000
    return predicted(linear(panel.X[early], panel.y[early]))


class Cached:
    """A model that was fitted once, on everything, and is loaded ever after."""

    def __init__(self) -> None:
        self._made: Floats | None = None

    def __call__(self, frames: Frames, _span: Span) -> Floats:
        """Predictions of the first fit."""
        if self._made is None:
            panel = make_panel(frames)
            self._made = predicted(linear(panel.X, panel.y))
        return self._made


class Resumed:
    """A scaler of each window's own, and weights from the checkpoint that the first fit left."""

    def __init__(self, kept: bool) -> None:
        self._kept, self._weights = kept, np.zeros(0)

    def __call__(self, frames: Frames, span: Span) -> Floats:
        """Predictions of the weights that are found, or made where there are none."""
        panel = make_panel(frames)
        train = panel.rows((panel.start > span.begin) & (panel.end <= span.until))
        mean, deviation = train.X.mean(axis=0), train.X.std(axis=0)
        if len(self._weights) == 0 or not self._kept:
            self._weights = linear((train.X - mean) / deviation, train.y, 1.0)
        return predicted(self._weights, (probe() - mean) / deviation)


def pair(
    name: str, leak: str, leaky: Callable[[Frames, Span], Floats], clean: Callable[[Frames, Span], Floats]
) -> Pair:
    """A pair of fits on bars."""
    return Pair(name, leak, Fit(f"{name} (leaky)", (CLOCK,), leaky), Fit(f"{name} (clean)", (CLOCK,), clean))


def by_rows(name: str, leak: str, learn: Callable[[str], Learn], rows: str = "all") -> Pair:
    """A pair that differs in the rows it takes something from."""
    return pair(name, leak, windowed(learn(rows)), windowed(learn("train")))


PAIRS: tuple[Pair, ...] = (
    by_rows("scaler fitted on all rows", "features scaled by mean and deviation of all rows", scaled),
    by_rows("encoding by all labels", "the hour as its mean label over all rows", encoded),
    by_rows("features chosen on all rows", "the two that went best with the label in all rows", chosen_features),
    by_rows("labels clipped by all", "cut at percentiles of all labels", clipped),
    by_rows("weights by all classes", "rows weighed by the share of gains in all rows", balanced),
    by_rows("expert selected in the test window", "of several experts the one that earned most later", expert, "later"),
    by_rows("experts blended by the test", "weighed by what they earned later", blended, "later"),
    by_rows("resumed from a later checkpoint", "descent from weights learned on all rows", resumed),
    pair(
        "early stopping on the test set",
        "descent stops where the test error is least",
        windowed(stopped(True)),
        windowed(stopped(False)),
    ),
    pair(
        "penalty tuned on the test set",
        "the one that does best on the test",
        windowed(tuned(True)),
        windowed(tuned(False)),
    ),
    pair("labels ending after the window", "rows decided in the window, labels past it", begun_in_window, plain),
    pair("date filter that does nothing", "it knows lists and is given a tuple", unfiltered, plain),
    pair("training window without effect", "the first days, whatever was asked for", unheeding, plain),
    Pair(
        "checkpoint of another window",
        "a scaler of its own, weights that an earlier fit left",
        Fit("checkpoint (leaky)", (CLOCK,), Resumed(True), lambda: Resumed(True)),
        Fit("checkpoint (clean)", (CLOCK,), Resumed(False), lambda: Resumed(False)),
    ),
    Pair(
        "cached full-sample model",
        "fitted once on everything, loaded ever after",
        Fit("cache (leaky)", (CLOCK,), Cached(), Cached),
        Fit("cache (clean)", (CLOCK,), plain),
    ),
)
