"""Ridge regression in closed form: the linear bar that every larger model must beat.

    beta = (Z'Z + lambda n I)^-1 Z'y,   Z = (X - mean) / deviation of the training rows

Means and deviations belong to the fit and travel with the model. A value that is unknown
counts as its training mean, so it says nothing; a feature that does not vary gets weight zero.
Errors behind the quantiles are those of leaving each row out, in closed form.
"""

from pathlib import Path

import numpy as np

from alphaloop.core.errors import InvalidOption, NotFitted
from alphaloop.core.market import Bools, Floats
from alphaloop.models import saved
from alphaloop.models.arrays import ROWS, Rows, as_table, known, moments, samples
from alphaloop.models.residual import ResidualForecast, error_table

KIND = "ridge"
_LEAST = 1e-12  # of what leverage leaves


class Ridge:
    """A :class:`~alphaloop.core.protocols.Forecaster` by penalised least squares.

    Parameters
    ----------
    penalty : float, > 0
        Lambda per row, on standardised features: 0.01 shrinks weakly, 1 by a half.
    rows : {"last", "all", "doubling"}
        Which rows of a window it reads, see :data:`alphaloop.models.arrays.Rows`.
    features : str
        Hash of the features, written into the file and checked when it is read.

    Raises
    ------
    InvalidOption
        If the penalty is not above zero and finite.

    Examples
    --------
    >>> X = np.arange(8.0).reshape(8, 1, 1)
    >>> model = Ridge(1e-9).fit(X, 2 * X[:, -1] + 1)
    >>> model.predict(np.array([[[10.0]]])).mean.round(3).tolist()
    [[21.0]]
    """

    def __init__(self, penalty: float = 0.01, *, rows: Rows = "last", features: str = "") -> None:
        if not 0 < penalty < np.inf or rows not in ROWS:
            found, expected = f"a penalty of {penalty}, rows '{rows}'", f"a penalty above zero; {', '.join(ROWS)}"
            raise InvalidOption(found, expected, "")
        self.penalty, self.rows, self.features = penalty, rows, features
        self._mean = self._scale = np.zeros(0)
        self._beta = self._errors = np.zeros((0, 0))

    def fit(self, X: Floats, y: Floats, mask: Bools | None = None) -> "Ridge":
        """Learn.

        Parameters
        ----------
        X : float array, shape (N, L, F)
        y : float array, shape (N, H)
            NaN where a label is missing: that row is left out for that horizon.
        mask : bool array, shape (N, L, F), optional

        Raises
        ------
        NoData
            If a horizon has no more than two labels.
        SchemaViolation, DegenerateData
            As :func:`alphaloop.models.arrays.samples`.
        """
        given = samples(X, y, mask, fewest=3)
        return self.fit_table(as_table(given.X, self.rows), given.y)

    def fit_table(self, table: Floats, y: Floats) -> "Ridge":
        """The same from what :func:`alphaloop.models.arrays.as_table` makes of windows that never were all there.

        Parameters
        ----------
        table : float array, shape (N, C)
            NaN where unknown.
        y : float array, shape (N, H)

        Raises
        ------
        NoData, SchemaViolation, DegenerateData
            As :meth:`fit`.
        """
        given = samples(table[:, None], y, None, fewest=3)
        table = given.X[:, 0]
        self._mean, self._scale = moments(table)
        made = self._solve(self._standard(table), given.y)
        self._beta = np.stack([beta for beta, _ in made], axis=1)
        self._errors = np.stack([errors for _, errors in made], axis=1)
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
        if len(self._mean) == 0:
            raise NotFitted("ridge regression")
        table = as_table(known(X, mask), self.rows, len(self._mean))
        return ResidualForecast(_with_ones(self._standard(table)) @ self._beta, self._errors)

    def save(self, path: Path) -> str:
        """Write the model as text; returns the hash of its content."""
        return saved.write(path, KIND, self.features, self.content())

    @classmethod
    def load(cls, path: Path, features: str | None = None) -> "Ridge":
        """A saved model; errors as :meth:`alphaloop.models.gbm.GradientBoosting.load`."""
        held = saved.read(path, KIND, features)
        return cls.of_content(held, held["features"])

    def content(self) -> saved.Content:
        """The fit as JSON can hold it: what a file has, and a model made of several ridges."""
        if len(self._mean) == 0:
            raise NotFitted("ridge regression")
        arrays = {"mean": self._mean, "inverse": 1.0 / self._scale, "beta": self._beta, "errors": self._errors}
        return {"penalty": self.penalty, "rows": self.rows} | {k: v.tolist() for k, v in arrays.items()}

    @classmethod
    def of_content(cls, held: saved.Content, features: str = "") -> "Ridge":
        """The model whose :meth:`content` this is."""
        model = cls(held["penalty"], rows=held["rows"], features=features)
        model._mean, inverse, model._beta, model._errors = (
            np.array(held[name]) for name in ("mean", "inverse", "beta", "errors")
        )
        model._scale = np.divide(1.0, inverse, out=np.full(len(inverse), np.inf), where=inverse > 0)
        return model

    def _standard(self, table: Floats) -> Floats:
        """Deviations from the training mean; 0 where unknown."""
        return np.nan_to_num((table - self._mean) / self._scale, nan=0.0)

    def _solve(self, standard: Floats, y: Floats) -> list[tuple[Floats, Floats]]:
        """Of each horizon the weights, intercept first, and quantiles of the leave-one-out errors.

        Horizons with labels on the same rows share all but their outcomes.
        """
        made: list[tuple[Floats, Floats]] = []
        before = np.zeros(0, dtype=np.bool_)
        for target in y.T:
            there = ~np.isnan(target)
            if not np.array_equal(there, before):
                before, rows = there, _with_ones(standard[there])
                penalty = self.penalty * len(rows) * np.eye(rows.shape[1])
                penalty[0, 0] = 0.0  # the intercept is not shrunk
                inverse = np.linalg.inv(rows.T @ rows + penalty)
                leverage = np.einsum("nf,fg,ng->n", rows, inverse, rows, optimize=True)
                left = np.maximum(1.0 - leverage, _LEAST)
            beta = inverse @ (rows.T @ target[there])
            made.append((beta, error_table(((target[there] - rows @ beta) / left)[:, None])[:, 0]))
        return made


def _with_ones(table: Floats) -> Floats:
    return np.hstack([np.ones((len(table), 1)), table])
