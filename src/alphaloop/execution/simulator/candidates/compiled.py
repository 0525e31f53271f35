"""The entry point of the candidate form, compiled once and kept on disk.

It closes over a stamp of all sources it compiles in: see the compiled kernel beside this folder.
"""

import math
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np

from alphaloop.core.market import Floats
from alphaloop.execution.simulator.candidates import compiling, records, settle, walk
from alphaloop.execution.simulator.candidates.compiling import compiled, entry_point, lent
from alphaloop.execution.simulator.candidates.records import BATCH, Bars, Candidates, Results, Terms, Work

_SOURCES = (compiling, records, settle, walk)
STAMP = sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in _SOURCES)).hexdigest()


@compiled
def sheet() -> Work:
    """An empty work sheet."""
    return Work(
        np.empty((7, BATCH)),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int8),
        np.empty(BATCH, np.int8),
    )


def _entry_points(stamp: str) -> tuple[Callable[..., int], Callable[..., int], Callable[..., None]]:
    @entry_point
    def bad_bar(first: Floats, high: Floats, low: Floats, close: Floats) -> int:
        """The first bar no market could have printed, -1 if there is none."""
        _ = stamp
        for j in range(len(first)):
            sound = low[j] > 0.0 and high[j] < math.inf
            sound &= low[j] <= first[j] and first[j] <= high[j] and low[j] <= close[j] and close[j] <= high[j]
            if not sound:
                return j
        return -1

    @entry_point
    def bad_candidate(candidates: Candidates, bars: int) -> int:
        """The first candidate that cannot be, -1 if there is none."""
        _ = stamp
        bar, side, stop, target, leverage = (
            candidates.bar,
            candidates.side,
            candidates.stop,
            candidates.target,
            candidates.leverage,
        )
        for k in range(len(bar)):
            sound = bar[k] >= 0 and bar[k] < bars and abs(side[k]) == 1 and leverage[k] > 0.0 and leverage[k] < math.inf
            sound &= not (stop[k] < 0.0 or target[k] < 0.0)
            if not sound:
                return k
        return -1

    @entry_point
    def label(bars: Bars, candidates: Candidates, terms: Terms, results: Results, first: int, last: int) -> None:
        """Outcomes of candidates ``first .. last``, written to the same rows of ``results``."""
        _ = stamp
        own = sheet()
        work, tape, batch = lent(own), lent(bars), lent(candidates)
        costs, written = lent(terms), lent(results)
        for k in range(first, last):
            i = (k - first) % BATCH
            walk.enter(tape, batch, costs, work, k, i)
            if work.start[i] >= 0:
                walk.walk(tape, batch, costs, work, k, i)
            settle.settle(batch, costs, work, written, k, i)

    return bad_bar, bad_candidate, label


bad_bar, bad_candidate, label = _entry_points(STAMP)
