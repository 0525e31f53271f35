"""Thresholds: from which forecast on trading has paid, told from earlier forecasts alone.

For each horizon, of all entries ``e`` and confidences ``c`` that left enough trades, those that earned most:

    total(e, c) = sum over rows with |predicted| >= e and confidence >= c  of  side * realised - cost

An entry is never below the cost itself, and where no entry earned anything the horizon is
not traded. What was found is pulled towards the cost, the more so the fewer trades there
were to find it by: the best of many entries is partly luck. Dearer trading never lowers an
entry. Every number must have been known before the first use: :func:`fit_gate` refuses a
label that ends later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from types import MappingProxyType

import numba
import numpy as np

from alphaloop.core.errors import InvalidOption, LookaheadError, NoData, SchemaViolation
from alphaloop.core.market import Bools, Floats, Ints
from alphaloop.core.time import iso
from alphaloop.policies.forecast.signals import Gate, Signals


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Past:
    """Out-of-sample forecasts of one horizon, and what came of them. N rows in the order of time.

    Parameters
    ----------
    predicted, realised : float array, shape (N,), fraction of the price
        Expected and actual forward return; NaN rows are left out.
    cost : float array, shape (N,), fraction of the price
        Of entering and leaving together.
    times, ends : int array, shape (N,), microseconds UTC
        When each forecast was made, and the last instant its label reads.
    confidence : float array, shape (N,), 0 to 100, optional
        As :func:`alphaloop.policies.forecast.odds.confidence` tells it for the side of the forecast.

    Raises
    ------
    SchemaViolation
        If lengths disagree, times do not ascend, or a label ends before its forecast was made.
    InvalidOption
        If a cost is negative or not a number.
    """

    predicted: Floats
    realised: Floats
    cost: Floats
    times: Ints
    ends: Ints
    confidence: Floats | None = None

    def __post_init__(self) -> None:
        parts = [self.realised, self.cost, self.times, self.ends]
        parts += [] if self.confidence is None else [self.confidence]
        lengths = {len(self.predicted), *(len(one) for one in parts)}
        if len(lengths) != 1 or self.predicted.ndim != 1:
            raise SchemaViolation(f"rows of lengths {sorted(lengths)}", "one row for each forecast", "align them")
        if bool((np.diff(self.times) < 0).any()) or bool((self.ends < self.times).any()):
            raise SchemaViolation("times that fall, or labels that end before they begin", "the order of time", "")
        if not bool((self.cost >= 0).all()):
            raise InvalidOption(
                "a cost below zero, or that is no number", "0 or more", "0.0012 is 12 bp there and back"
            )

    def pick(self, rows: Bools) -> "Past":
        """Some of the rows."""
        confidence = None if self.confidence is None else self.confidence[rows]
        names = ("predicted", "realised", "cost", "times", "ends")
        return Past(**{name: getattr(self, name)[rows] for name in names}, confidence=confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What may be found.

    Parameters
    ----------
    fewest : int
        Trades, one after the other, that an entry must have left.
    pull : float
        Trades at which what was found counts as much as the cost it is pulled to.
    entries : int
        How many are tried: quantiles of the sizes of all forecasts.
    confidences : tuple of float, 0 to 100, ascending

    Raises
    ------
    InvalidOption
        If a number is out of range.
    """

    fewest: int = 30
    pull: float = 30.0
    entries: int = 50
    confidences: tuple[float, ...] = (0.0, 50.0, 52.5, 55.0, 57.5, 60.0, 65.0, 70.0, 75.0, 80.0)

    def __post_init__(self) -> None:
        levels = self.confidences
        ascending = list(levels) == sorted(set(levels)) and levels and 0 <= levels[0] <= levels[-1] <= 100
        if self.fewest < 1 or not 0 <= self.pull < inf or self.entries < 2 or not ascending:
            raise InvalidOption(
                f"{self}", "one trade and two entries at least, confidences that ascend in 0 to 100", ""
            )


@dataclass(frozen=True, slots=True)
class Found:
    """A gate, and what it would have done on the rows it was found by. Totals are sums of fractions of price.

    Parameters
    ----------
    gate : Gate
    best : float
        The entry before it was pulled; infinite where none earned anything.
    rows, trades : int
        Rows that pass, and trades one after the other.
    net : float
        Sum over those rows, after cost.
    """

    gate: Gate
    best: float
    rows: int
    trades: int
    net: float


@dataclass(frozen=True, slots=True)
class _Rows:
    """What counts of a past: sizes, results before cost, costs, and the intervals."""

    size: Floats
    gross: Floats
    cost: Floats
    times: Ints
    ends: Ints
    confidence: Floats


def fit_gate(past: Past, search: Search | None = None, *, use_from: int | None = None) -> Found:
    """The gate that would have earned most on earlier forecasts of one horizon.

    Parameters
    ----------
    past : Past
    search : Search, optional
    use_from : int, microseconds UTC, optional
        When the gate is first used.

    Raises
    ------
    LookaheadError
        If a label ends after ``use_from``.
    NoData
        If no row has both a forecast and a result.

    Examples
    --------
    >>> size = np.array([0.001, 0.002, 0.004, 0.005])
    >>> earned = np.array([-0.003, 0.0, 0.006, 0.004])
    >>> hour = np.arange(4)
    >>> past = Past(predicted=size, realised=earned, cost=np.full(4, 0.001), times=hour, ends=hour + 1)
    >>> found = fit_gate(past, Search(fewest=2, pull=0.0))
    >>> found.gate.entry, found.trades, round(found.net, 4)
    (0.004, 2, 0.008)
    """
    asked = search or Search()
    if use_from is not None:
        _require_past(past, use_from)
    rows = _known(past)
    sizes = np.unique(np.quantile(rows.size, np.linspace(0.0, 1.0, asked.entries), method="lower"))
    floor = float(rows.cost.mean())
    best, least = _best(rows, sizes[sizes >= floor].tolist(), asked)
    if not isfinite(best):
        return Found(Gate(inf, least), inf, 0, 0, 0.0)
    every = _trades(rows, np.ones(len(rows.size), dtype=np.bool_))
    share = every / (every + asked.pull)
    entry = share * best + (1.0 - share) * floor
    passing = (rows.size >= entry) & (rows.confidence >= least)
    net = float((rows.gross - rows.cost)[passing].sum())
    return Found(Gate(entry, least), best, int(passing.sum()), _trades(rows, passing), net)


def fit_signals(
    pasts: Mapping[str, Past], search: Search | None = None, *, use_from: int | None = None
) -> tuple[Signals, Mapping[str, Found]]:
    """The gates of several horizons, each by its own forecasts; errors as :func:`fit_gate`.

    A horizon without a single labelled forecast is not traded.
    """
    found: dict[str, Found] = {}
    for name, past in pasts.items():
        try:
            found[name] = fit_gate(past, search, use_from=use_from)
        except NoData:
            found[name] = Found(Gate(inf), inf, 0, 0, 0.0)
    gates = {name: one.gate for name, one in found.items()}
    return Signals(MappingProxyType(gates)), MappingProxyType(found)


def opens(past: Past, gate: Gate) -> Bools:
    """Which forecasts a gate lets through, shape (N,): as large as its entry and their own cost, and sure enough."""
    size = np.abs(past.predicted)
    sure = np.ones(len(size), dtype=np.bool_) if past.confidence is None else past.confidence >= gate.confidence
    return np.asarray((size >= gate.entry) & (size >= past.cost) & (size > 0) & sure)


def _require_past(past: Past, use_from: int) -> None:
    late = int((past.ends > use_from).sum())
    if late:
        raise LookaheadError(
            f"{late} of {len(past.ends)} labels end after the use begins, the last at {iso(int(past.ends.max()))}",
            f"labels that end by {iso(use_from)}",
            "fit on earlier forecasts only, purged by the end of their labels",
        )


def _known(past: Past) -> _Rows:
    there = np.isfinite(past.predicted) & np.isfinite(past.realised) & (past.predicted != 0)
    if not there.any():
        raise NoData("no forecast with a result", "earlier out-of-sample forecasts", "test on more blocks")
    predicted = past.predicted[there]
    sure = np.full(len(predicted), 100.0) if past.confidence is None else past.confidence[there]
    gross = np.sign(predicted) * past.realised[there]
    return _Rows(np.abs(predicted), gross, past.cost[there], past.times[there], past.ends[there], sure)


def _best(rows: _Rows, entries: list[float], asked: Search) -> tuple[float, float]:
    """The entry and confidence that earned most, the lowest of equals; infinite where none earned anything."""
    net = rows.gross - rows.cost
    found, most = (inf, asked.confidences[0]), 0.0
    for least in asked.confidences:
        sure = rows.confidence >= least
        for entry in entries:
            passing = sure & (rows.size >= entry)
            total = float(net[passing].sum())
            if total > most and _trades(rows, passing) >= asked.fewest:
                found, most = (entry, least), total
    return found


def _trades(rows: _Rows, passing: Bools) -> int:
    return int(held_in_turn(rows.times, rows.ends, passing).sum())


@numba.njit(cache=True)
def held_in_turn(times: Ints, ends: Ints, passing: Bools) -> Bools:
    """Which rows are traded if each is held to the end of its label and the next begins no earlier, shape (N,).

    Examples
    --------
    >>> held_in_turn(np.arange(5), np.arange(5) + 2, np.array([True, True, False, True, True])).tolist()
    [True, False, False, True, False]
    """
    held = np.zeros(len(times), dtype=np.bool_)
    free = times[0] if len(times) else 0
    for row in range(len(times)):
        if passing[row] and times[row] >= free:
            held[row] = True
            free = ends[row]
    return held
