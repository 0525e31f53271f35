"""Whether text helped: the paired improvement on rows with text, and what happened on rows without.

The improvement is ``mean((y - base)^2 - (y - gated)^2) / mean((y - base)^2)`` over rows with text;
its interval is of a stationary bootstrap whose blocks are longer than labels overlap. A gate is
accepted if the whole interval lies above zero and no row without text was touched.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.hindsight.bootstrap import Blocks, optimal_block_length, paired_difference

FEWEST = 100  # rows with text below which an interval would only pretend
_WIDER = 2  # block length per row that a label overlaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found of one gate.

    Parameters
    ----------
    accepted : bool
    reason : str
    improvement, low, high : float or None
        Share of the base's squared error on rows with text, and its interval; none where there were too few.
    active, inactive : int
        Rows that were judged, with and without text.
    inactive_equal : bool
        Whether all forecasts without text were the base's to the bit.
    """

    accepted: bool
    reason: str
    improvement: float | None
    low: float | None
    high: float | None
    active: int
    inactive: int
    inactive_equal: bool

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def judge(base: Floats, gated: Floats, y: Floats, active: Bools, spans: tuple[Ints, Ints], seed: int = 0) -> Judgement:
    """Judge one horizon.

    Parameters
    ----------
    base, gated : float array, shape (N,)
        Forecasts of the same rows, in the order of time; NaN where a row was not forecast.
    y : float array, shape (N,)
    active : bool array, shape (N,)
        Whether a row has text.
    spans : tuple of int arrays, shape (N,), microseconds UTC
        When each row was decided, and the last instant its label reads.
    seed : int
        Of the bootstrap.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=400)
    >>> times, text = np.arange(400), np.arange(400) % 2 == 0
    >>> found = judge(np.zeros(400), np.where(text, 0.5 * y, 0.0), y, text, (times, times + 3))
    >>> found.accepted, found.improvement, found.inactive_equal
    (True, 0.75, True)
    """
    there = np.isfinite(base) & np.isfinite(gated) & np.isfinite(y)
    quiet, loud = there & ~active, np.flatnonzero(there & active)
    equal = bool(np.array_equal(base[quiet], gated[quiet]))
    counts: dict[str, Any] = {"active": len(loud), "inactive": int(quiet.sum()), "inactive_equal": equal}
    before, after = (y[loud] - base[loud]) ** 2, (y[loud] - gated[loud]) ** 2
    scale = float(before.mean()) if len(loud) else 0.0
    if len(loud) < FEWEST or scale == 0.0:
        reason = f"{len(loud)} rows with text, {FEWEST} or more are needed"
        return Judgement(accepted=False, reason=reason, improvement=None, low=None, high=None, **counts)
    overlap = overlapping(spans[0][loud], spans[1][loud])
    length = max(optimal_block_length(before - after), float(np.cbrt(len(loud))), _WIDER * overlap, 1.0)
    found = paired_difference(before, after, _mean, Blocks(length=min(length, len(loud) / 4), seed=seed))
    value, low, high = (None if one is None else one / scale for one in (found.value, found.low, found.high))
    above = low is not None and low > 0.0
    if not equal:
        reason = "rows without text were touched"
    elif above:
        reason = "the interval of the improvement lies above zero"
    else:
        reason = "the interval of the improvement does not lie above zero"
    accepted = equal and above
    return Judgement(accepted=accepted, reason=reason, improvement=value, low=low, high=high, **counts)


def overlapping(times: Ints, ends: Ints) -> int:
    """The most rows that decide before an earlier row's label ends.

    Examples
    --------
    >>> overlapping(np.array([0, 1, 2, 9]), np.array([2, 3, 4, 11]))
    1
    """
    after = np.searchsorted(times, ends, side="left") - np.arange(len(times)) - 1
    return int(after.max(initial=0))


def _mean(rows: Floats) -> float:
    return float(rows.mean())
