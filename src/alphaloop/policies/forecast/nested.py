"""Nested walk-forward: gates of each block fitted on what was known before it began, and on nothing else.

The forecasts themselves must be out-of-sample already. Before each block the gates are fitted
anew on all earlier forecasts whose labels had ended by then; so no number of a block has a
say in how the block is traded. The first block has nothing to learn from and is not traded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Bools
from alphaloop.policies.forecast.signals import Signals
from alphaloop.policies.forecast.thresholds import Past, Search, fit_signals, held_in_turn, opens


@dataclass(frozen=True, slots=True)
class Step:
    """The gates of one block.

    Parameters
    ----------
    start, stop : int, microseconds UTC
        Forecasts made in ``[start, stop)`` are traded by them.
    signals : Signals
    rows : mapping of horizon to int
        Earlier forecasts they were fitted on.
    """

    start: int
    stop: int
    signals: Signals
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What gates fitted beforehand did with one horizon; fractions of the price.

    Parameters
    ----------
    rows, trades : int
        Forecasts that passed, and trades one after the other.
    net, mean : float
        Sum over those trades after cost, and what one earned; 0 without a trade.
    """

    rows: int
    trades: int
    net: float
    mean: float


def nested(pasts: Mapping[str, Past], starts: Sequence[int], search: Search | None = None) -> tuple[Step, ...]:
    """The gates of every block but the first.

    Parameters
    ----------
    pasts : mapping of horizon to Past
    starts : sequence of int, microseconds UTC, ascending
        When each block begins, and last when the last one ends.
    search : Search, optional

    Raises
    ------
    InvalidOption
        If there are not two blocks, or they do not ascend.

    Examples
    --------
    >>> hours = np.arange(8)
    >>> size = np.full(8, 0.003)
    >>> past = Past(predicted=size, realised=size, cost=np.full(8, 0.001), times=hours, ends=hours + 1)
    >>> steps = nested({"1h": past}, (0, 4, 8), Search(fewest=2, pull=0.0))
    >>> steps[0].start, steps[0].rows["1h"], steps[0].signals.gates["1h"].entry
    (4, 4, 0.003)
    """
    borders = [int(one) for one in starts]
    if len(borders) < 3 or any(one >= two for one, two in pairwise(borders)):
        raise InvalidOption(f"blocks that begin at {borders}", "two blocks or more, in the order of time", "")
    made = []
    for start, stop in pairwise(borders[1:]):
        known = {name: past.pick(past.ends <= start) for name, past in pasts.items()}
        signals, _ = fit_signals(known, search, use_from=start)
        made.append(Step(start, stop, signals, {name: len(past.times) for name, past in known.items()}))
    return tuple(made)


def replayed(pasts: Mapping[str, Past], steps: Sequence[Step]) -> Mapping[str, Outcome]:
    """What the gates of :func:`nested` did on the blocks they were made for."""
    return {name: _outcome(past, passing(past, name, steps)) for name, past in pasts.items()}


def passing(past: Past, horizon: str, steps: Sequence[Step]) -> Bools:
    """Which forecasts of one horizon the gate of their block lets through, shape (N,)."""
    through = np.zeros(len(past.times), dtype=np.bool_)
    for step in steps:
        through |= opens(past, step.signals.gates[horizon]) & (past.times >= step.start) & (past.times < step.stop)
    return through & np.isfinite(past.realised)


def _outcome(past: Past, through: Bools) -> Outcome:
    held = held_in_turn(past.times, past.ends, through)
    net = (np.sign(past.predicted) * past.realised - past.cost)[held]
    total = float(net.sum())
    return Outcome(int(through.sum()), len(net), total, total / len(net) if len(net) else 0.0)
