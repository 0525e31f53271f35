"""The entry point of the candidate form, compiled once and kept on disk.

It closes over a stamp of all sources it compiles in: see the compiled kernel beside this folder.
"""

import math
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.market import Ints
from alphaloop.execution.simulator.candidates import compiling, enter, group, order, records, search, settle, walk
from alphaloop.execution.simulator.candidates.compiling import entry_point, inlined, lent
from alphaloop.execution.simulator.candidates.group import Tables
from alphaloop.execution.simulator.candidates.records import (
    BATCH,
    CHUNK,
    FIGURES,
    SHEET_ROWS,
    Bars,
    Candidates,
    Results,
    Terms,
    Work,
)

_SOURCES = (compiling, enter, group, order, records, search, settle, walk)
STAMP = sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in _SOURCES)).hexdigest()


@inlined
def sheet() -> Work:
    """An empty work sheet."""
    return Work(
        np.empty((SHEET_ROWS, BATCH)),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int64),
        np.empty(BATCH, np.int8),
        np.empty(BATCH, np.int8),
    )


@inlined
def sound(bars: Bars, j: int) -> bool:
    """Whether bar ``j`` has finite prices above zero, open and close within low and high."""
    first, high, low, close = bars.open[j], bars.high[j], bars.low[j], bars.close[j]
    whole = (low > 0.0) & (high < math.inf) & (low <= first) & (first <= high) & (low <= close) & (close <= high)
    return bool(whole)


@inlined
def outcomes(count: int) -> Results:
    """Room for ``count`` outcomes."""
    return Results(np.empty((len(FIGURES), count)), np.empty(count, np.int64), np.empty(count, np.int8))


@inlined
def tables(horizon: int) -> Tables:
    """Empty tables for windows of ``horizon`` bars; none where that is too wide."""
    steps = horizon // group.STEP + 1 if horizon <= group.WIDEST else 0
    width = (steps + 1) * group.STEP
    coarse, fine = np.empty((4, steps)), np.empty((8, width))
    return Tables(fine, coarse, np.full(2, -1))


@inlined
def plain(bars: Bars, candidates: Candidates, work: Work, k: int, i: int) -> bool:
    """Whether the fast way may answer: at market, and all bars of the window trade."""
    if enter.limited(candidates, k):
        return False
    return len(bars.halted) == 0 or bars.halted[work.last[i] + 1] == bars.halted[work.start[i]]


@inlined
def find_exits(bars: Bars, candidates: Candidates, terms: Terms, work: Work, window: Tables, order: Ints) -> None:
    """The exits of a batch, each by the fastest way that can answer."""
    end = 0  # of the run of one bar that column i is in
    start = 0
    for i in range(len(order)):
        k = order[i]
        if i == end:
            start = i
            while end < len(order) and candidates.bar[order[end]] == candidates.bar[k]:
                end += 1
        if work.start[i] < 0:
            continue
        if not plain(bars, candidates, work, k, i):
            walk.walk(bars, candidates, terms, work, k, i)
        elif group.ready(bars, window, candidates, work, k, i, end - start):
            group.look_up(bars, window, candidates, terms, work, k, i)
        else:
            search.search(bars, candidates, terms, work, k, i)


def _entry_points(stamp: str) -> tuple[Callable[..., Any], ...]:
    @entry_point
    def survey(bars: Bars) -> int:
        """Sum up the blocks; returns the first bar no market could have printed, -1 if there is none."""
        _ = stamp
        tape = lent(bars)
        for block in range(len(tape.blocks)):
            search.summarise(tape, block, tape.blocks)
        wrong = 0
        for j in range(len(tape.open)):
            wrong += not sound(tape, j)
        if wrong > 0:
            for j in range(len(tape.open)):
                if not sound(tape, j):
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
    def sorted_by_bar(bar: Ints, bars: int) -> Ints:
        """Positions of ``bar`` (K,), each below ``bars``, in ascending order of bar; equals keep their order."""
        _ = stamp
        return order.by_bar(bar, bars)

    @entry_point
    def label(bars: Bars, candidates: Candidates, terms: Terms, results: Results, chosen: Ints) -> None:
        """Outcomes of the candidates named by ``chosen``, bar by bar ascending, to their rows of ``results``."""
        _ = stamp
        sheets, prefixes, ordered = sheet(), tables(terms.horizon), outcomes(CHUNK)
        tape, tried, costs, written = lent(bars), lent(candidates), lent(terms), lent(results)
        work, window, chunk = lent(sheets), lent(prefixes), lent(ordered)
        for start in range(0, len(chosen), CHUNK):
            part = chosen[start : start + CHUNK]
            straight = order.consecutive(part)
            for first in range(0, len(part), BATCH):
                count = min(BATCH, len(part) - first)
                batch = part[first : first + count]
                for i in range(count):
                    enter.take_in(tape, tried, costs, work, batch[i], i)
                enter.set_levels(tried, costs, work, batch)
                find_exits(tape, tried, costs, work, window, batch)
                settle.price_exits(tape, costs, work, batch)
                settle.settle(costs, work, count)
                settle.correct(tried, costs, work, batch)
                if straight:
                    settle.write_out(work, written, part[0] + first, count)
                else:
                    settle.write_out(work, chunk, first, count)
            if not straight:
                settle.hand_back(chunk, written, part)
        sheets.prices[0, 0] = prefixes.fine[0, 0] = ordered.figures[0, 0] = 0.0  # the owners live to here

    return survey, bad_candidate, sorted_by_bar, label


survey, bad_candidate, sorted_by_bar, label = _entry_points(STAMP)
