"""The variants of the multimodal chain: numbers alone, everything in one ridge, text through a gate.

Whether the gate of a horizon stays open is decided inside the training window: on blocks that
follow each other in time, each forecast from what came before it. Where the interval of the
improvement on rows with text does not lie above zero the gate is shut, and the forecast is the
one of numbers alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.errors import NotFitted
from alphaloop.core.market import Floats, Ints
from alphaloop.core.protocols import Forecast
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.hindsight.splits import PurgedKFold, WalkForward
from alphaloop.models import saved
from alphaloop.models.activity import Text
from alphaloop.models.gate import Gating, Inner, ResidualGate
from alphaloop.models.ridge import Ridge
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Fitting, Told
from alphaloop.training.multimodal.judgement import Judgement, judge
from alphaloop.training.multimodal.recipe import Recipe

FILE, GATES = "multimodal_candidate.json", "multimodal_gates.json"
COUNTS = {"social_posts": 1.0, "social_comments": 1.0, "event_density": 24.0}
"""Features that say how much text there is, and what one unit is worth in posts or events: density is events per
hour of the last day, as far back as text features look; posts and comments are those of six hours."""
SIDES = ("event_sentiment", "social_post_sentiment", "social_comment_sentiment", "social_event_sentiment")
"""Features of text that lean up or down."""
VECTOR = "social_latent_"
"""How the numbers of a text vector begin: none of them means anything by itself, so none is read times a side."""
JUDGING = 3  # blocks of the training window on which a gate has to prove itself
JUDGED = 0.6  # their share of its rows


def text_of(examples: Examples) -> Text:
    """Which features of these examples are text, and which count it."""
    counts = tuple(
        (examples.features.index(name), worth) for name, worth in COUNTS.items() if name in examples.features
    )
    columns = examples.groups["text"]
    sides = tuple(place for place in columns if examples.features[place] in SIDES)
    others = [place for place in columns if place not in sides]
    crossed = tuple(place for place in others if not examples.features[place].startswith(VECTOR))
    return Text(columns, counts, sides, crossed)


@dataclass(frozen=True, slots=True)
class RidgeOf:
    """Makes a ridge of numbers alone (``with_text`` false) or of everything."""

    recipe: Recipe
    with_text: bool

    def __call__(self, examples: Examples) -> "RidgeLearner":
        """Unfitted, for these features."""
        return RidgeLearner(examples.features, text_of(examples), self.recipe, self.with_text)


@dataclass(frozen=True, slots=True)
class GateOf:
    """Makes a gated correction."""

    recipe: Recipe

    def __call__(self, examples: Examples) -> "GateLearner":
        """Unfitted, for these features."""
        return GateLearner(examples.features, text_of(examples), self.recipe)


class RidgeLearner:
    """A ridge of the newest rows; a :class:`alphaloop.training.chain.learner.Learner`."""

    def __init__(self, features: Sequence[str], text: Text, recipe: Recipe, with_text: bool) -> None:
        self.features, self.text, self.recipe, self.with_text = tuple(features), text, recipe, with_text
        hidden = () if with_text else text.columns
        self._columns = [place for place in range(len(self.features)) if place not in hidden]
        self._model: Ridge | None = None

    @property
    def name(self) -> str:
        """Of the variant."""
        return "single_ridge" if self.with_text else "base"

    def fit(self, train: WindowRows, how: Fitting) -> "RidgeLearner":
        """Learn; with text, some rows are shown without it.

        Text that is missing when it counts is then nothing new.
        """
        shown = newest(train)
        if self.with_text and self.text.columns:
            dropped = np.random.default_rng(how.seed).random(len(train)) < self.recipe.text_dropout
            for place in self.text.columns:
                shown[dropped, :, place] = np.nan
        names = [self.features[place] for place in self._columns]
        self._model = Ridge(self.recipe.base_penalty, features=saved.feature_hash(names))
        self._model.fit(shown[:, :, self._columns], train.targets)
        how.progress(Told(variant=self.name))
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        return self._fitted().predict(newest(rows)[:, :, self._columns])

    def save(self, folder: Path) -> dict[str, Path]:
        """The ridge as JSON."""
        self._fitted().save(folder / FILE)
        return {"model": folder / FILE}

    def _fitted(self) -> Ridge:
        if self._model is None:
            raise NotFitted(self.name)
        return self._model


class GateLearner:
    """Numbers, corrected by text where that has proven itself; a :class:`alphaloop.training.chain.learner.Learner`."""

    def __init__(self, features: Sequence[str], text: Text, recipe: Recipe) -> None:
        self.features, self.text, self.recipe = tuple(features), text, recipe
        self.judgements: tuple[Judgement, ...] = ()
        self._model: ResidualGate | None = None

    @property
    def name(self) -> str:
        """Of the variant."""
        return "residual_gate"

    @property
    def model(self) -> ResidualGate:
        """The fitted model.

        Raises
        ------
        NotFitted
            If there is no fit yet.
        """
        if self._model is None:
            raise NotFitted(self.name)
        return self._model

    def fit(self, train: WindowRows, how: Fitting) -> "GateLearner":
        """Judge the gate on blocks of the training window, then fit on all of it; shut it where it failed.

        Raises
        ------
        NoData
            If there are too few rows for blocks and folds.
        """
        rows = _Rows(newest(train), train.targets, train.times, train.ends)
        found = rows.y * np.nan
        base = found.copy()
        for number, (before, block) in enumerate(self._blocks(rows, how), start=1):
            model = self._learn(rows, before, how)
            found[block] = model.predict(rows.X[block]).mean
            base[block] = model.base.predict(rows.X[block][:, :, model.rest(rows.X.shape[2])]).mean
            how.progress(Told(variant=f"gate on block {number} of {JUDGING}"))
        active = self.text.activity(rows.X[:, -1]) > 0
        spans = (rows.times, rows.ends)
        self.judgements = tuple(
            judge(base[:, one], found[:, one], rows.y[:, one], active, spans, how.seed)
            for one in range(rows.y.shape[1])
        )
        self._model = self._learn(rows, np.arange(len(train)), how)
        self._model.shut([one for one, told in enumerate(self.judgements) if not told.accepted])
        how.progress(Told(variant=self.name))
        return self

    def predict(self, rows: WindowRows) -> Forecast:
        """Means and quantiles of all horizons."""
        return self.model.predict(newest(rows))

    def save(self, folder: Path) -> dict[str, Path]:
        """The model as JSON, and beside it what was found of its gates."""
        self.model.save(folder / FILE)
        (folder / GATES).write_text(json.dumps(self.told(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        return {"model": folder / FILE, "gates": folder / GATES}

    def facts(self) -> dict[str, Any]:
        """For the manifest."""
        return {"gates": self.told()}

    def told(self) -> list[dict[str, Any]]:
        """Of each horizon: accepted or refused and why, its interval, ``k`` and ``a0``."""
        return [
            {**one.as_dict(), "k": float(self.model.steepness[place]), "a0": float(self.model.middle[place])}
            for place, one in enumerate(self.judgements)
        ]

    def _blocks(self, rows: "_Rows", how: Fitting) -> list[tuple[Ints, Ints]]:
        size = int(len(np.unique(rows.times)) * JUDGED / JUDGING)
        splitter = WalkForward(JUDGING, test_size=max(size, 1), embargo=how.embargo_us)
        return list(splitter.split(times=rows.times, ends=rows.ends))

    def _learn(self, rows: "_Rows", chosen: Ints, how: Fitting) -> ResidualGate:
        """A gate fitted on some rows, its folds purged by the interval of each label."""
        plan = Gating(
            base_penalty=self.recipe.base_penalty, text_penalty=self.recipe.text_penalty, folds=how.inner_folds
        )
        times, ends = rows.times[chosen], rows.ends[chosen]
        newer = times >= np.quantile(times, 1.0 - plan.valid, method="lower")
        early = np.flatnonzero(~newer & (ends <= times[newer].min() - how.embargo_us))
        splitter = PurgedKFold(plan.folds, embargo=how.embargo_us)
        folds = [(early[before], early[test]) for before, test in splitter.split(times=times[early], ends=ends[early])]
        model = ResidualGate(self.text, plan, features=saved.feature_hash(self.features))
        return model.learn(rows.X[chosen], rows.y[chosen], Inner(folds, np.flatnonzero(newer)))


@dataclass(frozen=True, eq=False, slots=True)
class _Rows:
    """What a fit looks at."""

    X: Floats
    y: Floats
    times: Ints
    ends: Ints


def newest(rows: WindowRows) -> Floats:
    """The newest row of each window, shape (N, 1, F), float64; a copy."""
    return np.asarray(rows.newest(), dtype=np.float64)[:, None, :].copy()
