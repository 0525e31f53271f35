"""How many independent trials a search was worth, and which of its candidates are the same idea.

A hundred settings of one rule are not a hundred ideas. What counts is how good the best of them would look by
luck: the effective number is that of independent trials whose best would look as good. Beside it,
clusters say which candidates go together.

A deflated Sharpe ratio whose variance of trials was measured among the same candidates has taken their likeness
into account already: it wants the plain number. The effective one is for reading beside it.
"""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from scipy.cluster.hierarchy import linkage  # type: ignore[import-untyped]
from scipy.spatial.distance import squareform  # type: ignore[import-untyped]

from alphaloop.core.errors import NoData, SchemaViolation
from alphaloop.core.market import Floats, Ints

_STILL = 1e-12  # deviation as a share of the largest return: rounding, not variation
_CHANCE = 0.01  # that the largest correlation of independent candidates passes for likeness
_DRAWS, _CHUNK = 16_384, 1024
_GRID = np.linspace(-8.5, 8.5, 3401)


def effective_trials(returns: Floats, *, seed: int = 0, allow_wide: bool = False) -> float:
    """Independent trials whose best would look as good by luck as the best of these ``N``; 1 to N.

    The expected maximum of normal scores with the candidates' correlations, by simulation, put into the
    expected maximum of independent ones. Copies are one trial.

    Parameters
    ----------
    returns : float array, shape (T, N), fraction a period
        One column a candidate: everything that was tried.
    seed : int
    allow_wide : bool
        More candidates than periods. Refused by default: that is how a transposed table looks.

    Raises
    ------
    SchemaViolation
        If the table is not two-dimensional, is wider than long, or holds NaN or infinity.
    NoData
        If it is empty.

    Source
    ------
    The definition is that of Bailey and Lopez de Prado (2014), The Deflated Sharpe Ratio, Journal of Portfolio
    Management 40(5): the number that belongs to an expected maximum.

    Examples
    --------
    Two ideas, tried five times each:

    >>> rng = np.random.default_rng(0)
    >>> ideas = np.repeat(rng.normal(0.0, 0.01, (500, 2)), 5, axis=1)
    >>> round(effective_trials(ideas + rng.normal(0.0, 0.0001, ideas.shape)), 1)
    2.0
    """
    likeness = _likeness(returns, allow_wide)
    return _trials_of(_expected_best(likeness, seed), len(likeness))


def trial_clusters(returns: Floats, *, allow_wide: bool = False) -> Ints:
    """Cluster of each candidate, shape (N,), numbered from 0 in order of appearance.

    A cluster of ``m`` candidates whose returns correlate by ``r`` on average is worth ``r + (1 - r) m``. Of all
    cuts of the tree of candidates (average linkage on ``sqrt((1 - r) / 2)``), the one worth least. Correlations
    that as many independent candidates could show by luck count as none. Candidates that never vary are one
    cluster. Parameters and errors are those of :func:`effective_trials`.

    Source
    ------
    Worth of a cluster: Bailey and Lopez de Prado (2014), as above. Clusters of trials: Lopez de Prado and Lewis
    (2019), Quantitative Finance 19(9); their number of clusters is chosen by silhouettes, which cannot tell one
    cluster from many independent candidates.

    Examples
    --------
    >>> one, other = np.random.default_rng(0).normal(0.0, 0.01, (2, 100))
    >>> trial_clusters(np.column_stack([one, other, 2 * one]))
    array([0, 1, 0])
    """
    likeness = _likeness(returns, allow_wide)
    found = np.empty(len(likeness), dtype=np.int64)
    pairs = max(1.0, len(likeness) * (len(likeness) - 1) / 2.0)
    by_luck = NormalDist().inv_cdf(1.0 - _CHANCE / pairs) / np.sqrt(len(returns))
    for number, members in enumerate(sorted(_cut(np.where(likeness > by_luck, likeness, 0.0)), key=min)):
        found[members] = number
    return found


def _likeness(returns: Floats, allow_wide: bool) -> Floats:
    """Correlations, shape (N, N); candidates that never vary are like each other and like nobody else."""
    returns = np.asarray(returns, dtype=np.float64)
    if returns.ndim != 2 or not np.isfinite(returns).all():
        raise SchemaViolation(
            f"returns of shape {returns.shape}, or with NaN", "finite numbers, periods x candidates", ""
        )
    rows, columns = returns.shape
    if rows < 2 or columns < 1:
        raise NoData(f"{rows} rows and {columns} candidates", "two rows and one candidate at least", "")
    if rows < columns and not allow_wide:
        raise SchemaViolation(
            f"{rows} rows and {columns} columns",
            "periods x candidates, more periods than candidates",
            "transpose the table; pass allow_wide=True if there really are more candidates than periods",
        )
    deviation = returns.std(axis=0)
    still = deviation <= _STILL * np.abs(returns).max(axis=0)
    unit = np.where(still, 0.0, (returns - returns.mean(axis=0)) / np.where(still, 1.0, deviation))
    found = np.clip(unit.T @ unit / rows, -1.0, 1.0)
    found[np.ix_(still, still)] = 1.0
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def _expected_best(likeness: Floats, seed: int) -> float:
    """Mean of the largest of normal scores with these correlations."""
    values, vectors = np.linalg.eigh(likeness)
    factor = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    rng = np.random.default_rng(seed)
    best = [(rng.standard_normal((_CHUNK, len(likeness))) @ factor).max(axis=1).mean() for _ in range(_DRAWS // _CHUNK)]
    return float(np.mean(best))


def _trials_of(best: float, most: int) -> float:
    """The number of independent trials that belongs to an expected maximum, by bisection; 1 to ``most``."""
    low, high = 1.0, float(most)
    if best >= _best_of(high):
        return high
    for _ in range(50):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _best_of(middle) < best else (low, middle)
    return low


def _best_of(trials: float) -> float:
    """Expected maximum of independent normal scores: the integral of ``(x > 0) - Phi(x) ** trials``."""
    return float(np.trapezoid(np.heaviside(_GRID, 0.5) - _normal() ** trials, _GRID))


@lru_cache(maxsize=1)
def _normal() -> Floats:
    return np.array([NormalDist().cdf(one) for one in _GRID.tolist()])


def _cut(likeness: Floats) -> list[list[int]]:
    """Members of each cluster of the cheapest cut of the tree of candidates."""
    size = len(likeness)
    if size == 1:
        return [[0]]
    tree = linkage(squareform(np.sqrt(np.maximum(0.0, (1.0 - likeness) / 2.0)), checks=False), "average")
    members = [[one] for one in range(size)]
    cut = [[[one]] for one in range(size)]
    worth, inner = [1.0] * size, [0.0] * size  # inner: sum of likeness over pairs
    for left, right in tree[:, :2].astype(np.int64).tolist():
        both = members[left] + members[right]
        pairs = inner[left] + inner[right] + float(likeness[np.ix_(members[left], members[right])].sum())
        together, apart = _worth(len(both), pairs), worth[left] + worth[right]
        members.append(both)
        inner.append(pairs)
        worth.append(min(together, apart))
        cut.append([both] if together < apart - _STILL else cut[left] + cut[right])
    return cut[-1]


def _worth(size: int, pairs: float) -> float:
    """Trials that one cluster amounts to; candidates that go against each other count in full."""
    shared = min(1.0, max(0.0, pairs / (size * (size - 1) / 2.0)))
    return shared + (1.0 - shared) * size
