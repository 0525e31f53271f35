"""A forecast whose spread is that of its own past errors.

The error of a model on rows it did not learn from, sorted, is kept as a table of quantiles;
the ``q``-quantile of a forecast is its mean plus the ``q``-quantile of those errors. So the
spread is the same for every row of a horizon: honest on average, silent about single rows.
"""

from dataclasses import dataclass

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats

LEVELS: Floats = np.linspace(0.0, 1.0, 201)
"""Levels at which a table of error quantiles is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class ResidualForecast:
    """Means, and the errors they came with. N samples, H horizons.

    Parameters
    ----------
    mean : float array, shape (N, H)
    errors : float array, shape (201, H), ascending
        Quantiles of outcome less forecast, at :data:`LEVELS`.

    Examples
    --------
    >>> forecast = ResidualForecast(np.zeros((1, 1)), error_table(np.array([[-1.0], [0.0], [1.0]])))
    >>> forecast.quantile(0.75).tolist()
    [[0.5]]
    """

    mean: Floats
    errors: Floats

    def quantile(self, q: float) -> Floats:
        """The ``q``-quantile, shape (N, H).

        Raises
        ------
        InvalidOption
            If ``q`` is not between 0 and 1.
        """
        if not 0.0 < q < 1.0:
            raise InvalidOption(f"the {q}-quantile", "a level between 0 and 1", "use e.g. 0.1")
        shift = [float(np.interp(q, LEVELS, column)) for column in self.errors.T]
        return np.asarray(self.mean + np.array(shift))


def error_table(errors: Floats) -> Floats:
    """Quantiles of errors (n, H), NaN where a label is missing, at :data:`LEVELS`: shape (201, H)."""
    return np.asarray(np.nanquantile(errors, LEVELS, axis=0))
