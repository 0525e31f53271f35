"""Gradient boosting: one LightGBM ensemble per horizon, equal bytes for equal inputs.

Trees read the newest row of each window, or the whole window flattened; what is unknown goes
its own way in every split. Rounds are chosen on the newest part of the training window, so
rows must come in the order of time; nothing outside the window is seen. Quantiles are
the mean plus quantiles of the errors on that part (:mod:`alphaloop.models.residual`).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from alphaloop.core.errors import InvalidOption, NotFitted
from alphaloop.core.market import Bools, Floats
from alphaloop.models import saved
from alphaloop.models.arrays import ROWS, Rows, as_table, known, samples
from alphaloop.models.residual import ResidualForecast, error_table

if TYPE_CHECKING:
    from lightgbm import Booster

KIND = "gbm"
_BIN_ROWS = 20_000  # rows by which the edges of bins are laid
_ERROR_ROWS = 4_000  # training rows by which errors are told where nothing is held out


@dataclass(frozen=True, slots=True, kw_only=True)
class Boosting:
    """How to boost.

    Parameters
    ----------
    rounds : int
        Trees at most.
    learning_rate : float, 0 to 1
    leaves : int, >= 2
    min_rows : int
        Rows in a leaf at least.
    feature_share, row_share : float, 0 to 1
        Of features per tree, of rows per round.
    l2 : float, >= 0
    bins : int
        Values a feature may take.
    held_out : float, 0 to below 1
        Newest share of the training rows that no tree learns from: it says when to stop and
        how wrong forecasts are. With 0 there are always ``rounds`` trees, and quantiles are
        those of the errors in training, which are too narrow.
    patience : int
        Rounds without a better held-out error after which boosting stops.
    gap : int
        Rows left out before the held-out ones, so that no label reaches into them.
    rows : {"last", "all", "doubling"}
        Which rows of a window trees read, see :data:`alphaloop.models.arrays.Rows`.
    linear : bool
        Leaves hold a line in the features they were split by, not a constant: few trees then tell
        what is nearly linear. Where one of those features is unknown the leaf is a constant.
    linear_l2 : float, >= 0
        Penalty on the slopes of those lines.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    """

    rounds: int = 300
    learning_rate: float = 0.05
    leaves: int = 15
    min_rows: int = 20
    feature_share: float = 1.0
    row_share: float = 1.0
    l2: float = 1.0
    bins: int = 255
    held_out: float = 0.2
    patience: int = 30
    gap: int = 0
    rows: Rows = "last"
    linear: bool = False
    linear_l2: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.learning_rate, self.feature_share, self.row_share)
        counts = min(self.rounds, self.min_rows, self.patience, self.leaves - 1, self.bins - 1)
        shaped = (
            min(shares) > 0
            and max(shares) <= 1
            and 0 <= self.held_out < 1
            and min(self.l2, self.linear_l2, self.gap) >= 0
        )
        if counts < 1 or not shaped or self.rows not in ROWS:
            raise InvalidOption(f"{self}", "counts of 1 or more, 2 leaves and bins, shares in (0, 1]", "")


class GradientBoosting:
    """A :class:`~alphaloop.core.protocols.Forecaster` by LightGBM.

    Parameters
    ----------
    plan : Boosting
    seed : int
        Of the choice of rows and features; equal seeds, equal models.
    threads : int
        Of LightGBM; results do not depend on it.
    features : str
        Hash of the features, written into the file and checked when it is read.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(400, 1, 2))
    >>> model = GradientBoosting(Boosting(rounds=50)).fit(X, X[:, -1, :1])
    >>> bool(model.predict(np.array([[[2.0, 0.0]]])).mean[0, 0] > 0.8)
    True
    """

    def __init__(self, plan: Boosting | None = None, *, seed: int = 0, threads: int = 1, features: str = "") -> None:
        if seed < 0 or threads < 1:
            raise InvalidOption(f"seed {seed}, threads {threads}", "a seed of 0 or more, threads of 1 or more", "")
        self.plan, self.seed, self.threads, self.features = plan or Boosting(), seed, threads, features
        self._boosters: tuple[Booster, ...] = ()
        self._errors: Floats = np.zeros((0, 0))
        self._columns = 0

    @property
    def trees(self) -> tuple[int, ...]:
        """Trees of each horizon; empty before the fit."""
        return tuple(booster.current_iteration() for booster in self._boosters)

    def fit(self, X: Floats, y: Floats, mask: Bools | None = None) -> "GradientBoosting":
        """Learn; rows in the order of time.

        Parameters
        ----------
        X : float array, shape (N, L, F)
        y : float array, shape (N, H)
            NaN where a label is missing: that row is left out for that horizon.
        mask : bool array, shape (N, L, F), optional

        Raises
        ------
        NoData
            If a horizon has fewer labels than two leaves and the held-out rows need.
        SchemaViolation, DegenerateData
            As :func:`alphaloop.models.arrays.samples`.
        """
        given = samples(X, y, mask, fewest=self._fewest())
        table = as_table(given.X, self.plan.rows)
        made = [self._boost(table, given.y[:, horizon]) for horizon in range(given.y.shape[1])]
        self._boosters = tuple(booster for booster, _ in made)
        self._errors = np.stack([errors for _, errors in made], axis=1)
        self._columns = table.shape[1]
        return self

    def predict(self, X: Floats, mask: Bools | None = None) -> ResidualForecast:
        """Forecasts of every horizon, shape (N, H).

        Raises
        ------
        NotFitted
            If there is no fit yet.
        SchemaViolation
            If there are other features than in the fit.
        """
        if not self._boosters:
            raise NotFitted("gradient boosting")
        table = as_table(known(X, mask), self.plan.rows, self._columns)
        columns = [booster.predict(table, num_threads=self.threads) for booster in self._boosters]
        return ResidualForecast(np.stack([np.asarray(one) for one in columns], axis=1), self._errors)

    def save(self, path: Path) -> str:
        """Write the model as text; returns the hash of its content."""
        if not self._boosters:
            raise NotFitted("gradient boosting")
        content = {
            "plan": asdict(self.plan),
            "seed": self.seed,
            "columns": self._columns,
            "errors": self._errors.tolist(),
            "boosters": [booster.model_to_string() for booster in self._boosters],
        }
        return saved.write(path, KIND, self.features, content)

    @classmethod
    def load(cls, path: Path, features: str | None = None, threads: int = 1) -> "GradientBoosting":
        """A saved model.

        Parameters
        ----------
        path : Path
        features : str, optional
            Hash of the features it will be shown.
        threads : int

        Raises
        ------
        UnreadableFile
            If the file is damaged.
        SchemaViolation
            If it was fitted on other features, or is another kind of model.
        """
        from lightgbm import Booster

        held = saved.read(path, KIND, features)
        model = cls(Boosting(**held["plan"]), seed=held["seed"], threads=threads, features=held["features"])
        model._boosters = tuple(Booster(model_str=text) for text in held["boosters"])
        model._errors, model._columns = np.array(held["errors"]), held["columns"]
        return model

    def _fewest(self) -> int:
        """Labels that fill two leaves, and hold out some."""
        learning = 2 * self.plan.min_rows + self.plan.gap
        return int(np.ceil(learning / (1 - self.plan.held_out))) + 1

    def _boost(self, table: Floats, target: Floats) -> tuple["Booster", Floats]:
        """One horizon's ensemble, and the quantiles of its errors."""
        import lightgbm

        there = ~np.isnan(target)
        rows, outcome = table[there], target[there]
        cut = len(outcome) - int(np.floor(self.plan.held_out * len(outcome)))
        options = dict(self._options())
        learning = lightgbm.Dataset(rows[: cut - self.plan.gap], outcome[: cut - self.plan.gap], params=options)
        held: dict[str, Any] = {}
        if cut < len(outcome):
            stop = lightgbm.early_stopping(self.plan.patience, verbose=False)
            valid = lightgbm.Dataset(rows[cut:], outcome[cut:], reference=learning, params=options)
            held = {"valid_sets": [valid], "callbacks": [stop]}
        booster = lightgbm.train(options, learning, self.plan.rounds, **held)
        judged = slice(cut, None) if held else slice(None, None, max(1, len(outcome) // _ERROR_ROWS))
        errors = outcome[judged] - np.asarray(booster.predict(rows[judged], num_threads=self.threads))
        text = booster.model_to_string(num_iteration=booster.best_iteration if held else -1)
        text = text.replace(f"[num_threads: {self.threads}]\n", "")  # the model does not depend on it
        return lightgbm.Booster(model_str=text), error_table(errors[:, None])[:, 0]

    def _options(self) -> Iterator[tuple[str, Any]]:
        """The plan in LightGBM's words."""
        plan = self.plan
        yield from {"objective": "l2", "metric": "l2", "verbosity": -1, "num_threads": self.threads}.items()
        yield from {"deterministic": True, "force_row_wise": True, "feature_pre_filter": False}.items()
        yield "bin_construct_sample_cnt", _BIN_ROWS
        yield from {"learning_rate": plan.learning_rate, "num_leaves": plan.leaves, "lambda_l2": plan.l2}.items()
        yield from {"min_data_in_leaf": plan.min_rows, "max_bin": plan.bins, "seed": self.seed}.items()
        yield from {"feature_fraction": plan.feature_share, "bagging_fraction": plan.row_share}.items()
        yield from {"linear_tree": plan.linear, "linear_lambda": plan.linear_l2}.items()
        yield "bagging_freq", 1 if plan.row_share < 1 else 0
