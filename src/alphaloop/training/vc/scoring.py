"""How good probabilities are, and how sure that is: AUC and Brier score with intervals.

Rows of one entity say the same thing again and again, and deals come in waves. So rows are drawn
twice: by entity, all of its rows together, and by blocks of time, all entities of an instant
together. Of the two intervals the wider counts: from the lower end of both to the higher.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, SchemaViolation
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.bootstrap import Blocks, Estimate, resampled, summarised
from alphaloop.training.vc.samples import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A figure and the interval it may as well have been."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Of one model on rows it did not learn from.

    Parameters
    ----------
    auc : Score
        Probability that a row that came true is ranked above one that did not; ties count a half.
    brier : Score
        Mean of ``(p - y)^2``.
    brier_of_rate : float
        The same of always saying how often it came true in the training rows.
    rows, positives, entities : int
    """

    auc: Score
    brier: Score
    brier_of_rate: float
    rows: int
    positives: int
    entities: int

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def auc(chance: Floats, y: Floats, weight: Floats | None = None) -> float:
    """Area under the curve of true over false positives; NaN where one class has no weight.

    Parameters
    ----------
    chance : float array, shape (N,)
        Only its order counts.
    y : float array, shape (N,), 0 or 1
    weight : float array, shape (N,), optional

    Examples
    --------
    Of the pairs (0.9, 0.1), (0.9, 0.9), (0.4, 0.1), (0.4, 0.9) one and a half and one are in order: 2.5 of 4.

    >>> auc(np.array([0.9, 0.4, 0.1, 0.9]), np.array([1.0, 1.0, 0.0, 0.0]))
    0.625
    """
    return _area(np.unique(chance, return_inverse=True)[1], y, np.ones(len(y)) if weight is None else weight)


def _area(rank: Ints, y: Floats, weight: Floats) -> float:
    ups, downs = np.bincount(rank, weight * y), np.bincount(rank, weight * (1.0 - y))
    total = ups.sum() * downs.sum()
    if total == 0:
        return float("nan")
    return float(ups @ (np.cumsum(downs) - downs / 2.0) / total)


def score(samples: Samples, chance: Floats, rate: Floats, *, seed: int, draws: int = 400) -> Scores:
    """AUC and Brier score of the rows that have a probability.

    Parameters
    ----------
    samples : Samples
    chance : float array, shape (N,), 0 to 1
        NaN where a row was not tested.
    rate : float array, shape (N,)
        How often it came true in the rows behind each probability.
    seed, draws : int
        Of the bootstraps.

    Raises
    ------
    SchemaViolation
        If a probability is beyond 0 and 1.
    DegenerateData
        If what was tested is all of one class.
    """
    tested = np.flatnonzero(np.isfinite(chance))
    p, y = chance[tested], samples.y[tested]
    if len(tested) == 0 or float(p.min()) < 0 or float(p.max()) > 1:
        raise SchemaViolation(f"{len(tested)} probabilities, or some beyond 0 and 1", "probabilities", "")
    if float(y.min()) == float(y.max()):
        raise DegenerateData(f"{len(y)} tested labels that are all {y[0]:g}", "some of each", "take more events")
    rank, squares = np.unique(p, return_inverse=True)[1], (p - y) ** 2
    found: dict[str, list[Estimate]] = {"auc": [], "brier": []}
    own = {"auc": _area(rank, y, np.ones(len(y))), "brier": float(squares.mean())}
    how = Blocks(draws=draws, seed=seed)
    for weights in (_by_entity(samples.entity[tested], how), _by_time(samples, tested, how)):
        drawn = np.array([(_area(rank, y, one), float(one @ squares / max(one.sum(), 1.0))) for one in weights])
        for column, name in enumerate(own):
            found[name].append(summarised(own[name], drawn[:, column], 1.0, how.confidence))
    return Scores(
        auc=_wider(found["auc"]), brier=_wider(found["brier"]), brier_of_rate=float(((rate[tested] - y) ** 2).mean()),
        rows=len(y), positives=int(y.sum()), entities=len(np.unique(samples.entity[tested])),
    )  # fmt: skip


def better(samples: Samples, one: Floats, other: Floats, *, seed: int, draws: int = 400) -> Score:
    """AUC of ``one`` less that of ``other`` on the same rows, both drawn together.

    Parameters
    ----------
    samples : Samples
    one, other : float array, shape (N,)
        Probabilities; NaN where a row was not tested.
    seed, draws : int
        Of the bootstraps.
    """
    tested = np.flatnonzero(np.isfinite(one) & np.isfinite(other))
    y, ranks = samples.y[tested], [np.unique(p[tested], return_inverse=True)[1] for p in (one, other)]

    def difference(weight: Floats) -> float:
        return _area(ranks[0], y, weight) - _area(ranks[1], y, weight)

    how, own = Blocks(draws=draws, seed=seed), difference(np.ones(len(y)))
    found = []
    for weights in (_by_entity(samples.entity[tested], how), _by_time(samples, tested, how)):
        drawn = np.array([difference(weight) for weight in weights])
        found.append(summarised(own, drawn, 1.0, how.confidence))
    return _wider(found)


def _by_entity(entity: Ints, how: Blocks) -> Iterator[Floats]:
    """How often each row is drawn when entities are, one draw after the other."""
    different, place = np.unique(entity, return_inverse=True)
    rng = np.random.default_rng(how.seed)
    for _ in range(how.draws):
        times = np.bincount(rng.integers(len(different), size=len(different)), minlength=len(different))
        yield times.astype(np.float64)[place]


def _by_time(samples: Samples, tested: Ints, how: Blocks) -> Iterator[Floats]:
    """The same when blocks of instants are: longer than labels overlap."""
    instants, place = np.unique(samples.times[tested], return_inverse=True)
    reach = np.searchsorted(instants, samples.ends[tested]) - place
    length = min(max(2.0 * float(reach.max()), float(np.cbrt(len(instants))), 1.0), max(len(instants) / 4.0, 1.0))
    for drawn in resampled(len(instants), length, how):
        yield np.bincount(drawn, minlength=len(instants)).astype(np.float64)[place]


def _wider(found: list[Estimate]) -> Score:
    lows = [one.low for one in found if one.low is not None]
    highs = [one.high for one in found if one.high is not None]
    whole = len(lows) == len(found)
    value = found[0].value
    assert value is not None  # both classes are there
    return Score(value=value, low=min(lows) if whole else None, high=max(highs) if whole else None)
