"""A forecast as a mean and a few quantiles, read between and beyond them.

Between two levels a quantile is linear in the normal score of its level, which is exact
for a normal distribution; beyond the outermost level the last slope goes on.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
_SCORES = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


@dataclass(frozen=True, slots=True, eq=False)
class QuantileForecast:
    """Means and quantiles at :data:`LEVELS`. N samples, H horizons.

    Parameters
    ----------
    mean : float array, shape (N, H)
    at_levels : float array, shape (N, H, 5), ascending along the last axis

    Examples
    --------
    >>> forecast = QuantileForecast(np.zeros((1, 1)), np.array([[[-2.0, -1.0, 0.0, 1.0, 2.0]]]))
    >>> forecast.quantile(0.75).tolist()
    [[1.0]]
    """

    mean: Floats
    at_levels: Floats

    def quantile(self, q: float) -> Floats:
        """The ``q``-quantile, shape (N, H).

        Raises
        ------
        InvalidOption
            If ``q`` is not between 0 and 1.
        """
        if not 0.0 < q < 1.0:
            raise InvalidOption(f"the {q}-quantile", "a level between 0 and 1", "use e.g. 0.1")
        score = NormalDist().inv_cdf(q)
        right = int(np.clip(np.searchsorted(_SCORES, score), 1, len(_SCORES) - 1))
        share = (score - _SCORES[right - 1]) / (_SCORES[right] - _SCORES[right - 1])
        low, high = self.at_levels[..., right - 1], self.at_levels[..., right]
        return np.asarray(low + share * (high - low))
