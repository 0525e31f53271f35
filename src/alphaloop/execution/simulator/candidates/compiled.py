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
from alphaloop.execution.simulator import jit
from alphaloop.execution.simulator.candidates import compiling, enter, group, lanes, records, search, settle, walk
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
from alphaloop.execution.simulator.jit import nth

_SOURCES = (jit, compiling, enter, group, lanes, records, search, settle, walk)
STAMP = sha256(b"".join(Path(str(module.__file__)).read_bytes() for module in _SOURCES)).hexdigest()


@inlined
def sheet() -> Work:
    """An empty work sheet."""
    whole = np.empty((8, BATCH), np.int64)
    return Work(
        np.empty((SHEET_ROWS, BATCH)), whole[0], whole[1], whole[2], whole[3], whole[4], whole[5], whole[6], whole[7]
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
def calm(bars: Bars, candidates: Candidates) -> bool:
    """Whether all bars trade, and all candidates come at market."""
    return len(bars.halted) == 0 and len(candidates.limit) == 0


@inlined
def plain(bars: Bars, candidates: Candidates, work: Work, i: int) -> bool:
    """Whether the fast ways may answer for column ``i``: at market, and all bars of the window trade."""
    if work.start[i] < 0 or enter.limited(candidates, work.row[i]):
        return False
    return len(bars.halted) == 0 or bars.halted[work.last[i] + 1] == bars.halted[work.start[i]]


@inlined
def find_exits(bars: Bars, candidates: Candidates, terms: Terms, work: Work, window: Tables, count: int) -> None:
    """The bars in which the first columns leave, each by the faster way; of those that are not plain, any bar."""
    i, easy = 0, calm(bars, candidates)
    while i < count:
        lead, stop = i if easy and work.start[i] >= 0 else count, i + 1
        while stop < count and work.bar[nth(stop)] == work.bar[nth(i)]:
            stop += 1
        if not easy:  # the first plain column of those with the bar of column i
            for one in range(stop - 1, i - 1, -1):
                lead = one if plain(bars, candidates, work, one) else lead
        if lead < stop and group.ready(bars, window, work, terms.slippage, lead, stop - lead):
            group.look_up(window, work, i, stop)
        else:
            for one in range(i, stop):
                work.end[one] = 0
                if plain(bars, candidates, work, one):
                    search.search(bars, work, one)
        i = stop


@inlined
def leave(bars: Bars, candidates: Candidates, terms: Terms, work: Work, window: Tables, count: int) -> None:
    """Exits of the first columns: bar, reason, price, and the fall till then."""
    find_exits(bars, candidates, terms, work, window, count)
    search.leave(bars, work, count)
    if not calm(bars, candidates):
        for i in range(count):
            if work.start[i] >= 0 and not plain(bars, candidates, work, i):
                walk.walk(bars, candidates, terms, work, work.row[i], i)


@inlined
def answer(bars: Bars, candidates: Candidates, terms: Terms, work: Work, window: Tables, count: int) -> None:
    """From wishes to outcomes, for the first columns."""
    enter.enter(bars, terms, work, count)
    if not calm(bars, candidates):
        enter.wait(bars, candidates, terms, work, count)
    enter.set_levels(candidates, terms, work, count)
    leave(bars, candidates, terms, work, window, count)
    settle.price_exits(bars, terms, work, count)
    settle.settle(terms, work, count)
    settle.correct(candidates, terms, work, count)


def _entry_points(stamp: str) -> tuple[Callable[..., Any], ...]:
    @entry_point
    def survey(bars: Bars) -> int:
        """Sum up the blocks; returns the first bar no market could have printed, -1 if there is none."""
        _ = stamp
        tape = lent(bars)
        for block in range(tape.blocks.shape[1]):
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
        """As :func:`.group.by_bar`."""
        _ = stamp
        return group.by_bar(bar, bars)

    @entry_point
    def label(
        bars: Bars, candidates: Candidates, terms: Terms, results: Results, order: Ints, span: tuple[int, int]
    ) -> bool:
        """Outcomes of the candidates from one place of ``order`` to another (``span``), to their rows of ``results``.

        Without an ``order`` places are rows. False, and no outcome to rely on, if a candidate cannot be.
        """
        _ = stamp
        sheets, prefixes, ordered = sheet(), group.tables(terms.horizon), outcomes(CHUNK if len(order) > 0 else 1)
        tape, tried, costs, written = lent(bars), lent(candidates), lent(terms), lent(results)
        work, window, chunk = lent(sheets), lent(prefixes), lent(ordered)
        can_be = True
        for start in range(span[0], span[1], CHUNK):
            stop = min(start + CHUNK, span[1])
            for first in range(start, stop, BATCH):
                count = min(BATCH, stop - first)
                enter.take_in(tried, work, order, first, count)
                if not enter.sound(work, len(tape.open), count):
                    can_be = False
                    break
                if len(order) == 0:
                    enter.ask_ahead(tape, tried, terms.horizon, first + BATCH, min(span[1], first + 2 * BATCH))
                answer(tape, tried, costs, work, window, count)
                if len(order) == 0:
                    settle.write_out(work, written, first, count)
                else:
                    settle.write_out(work, chunk, first - start, count)
            if len(order) > 0:
                settle.hand_back(chunk, written, order[start:stop])
        sheets.prices[0, 0] = prefixes.worst[0] = ordered.figures[0, 0] = 0.0  # the owners live to here
        return can_be

    return survey, bad_candidate, sorted_by_bar, label


survey, bad_candidate, sorted_by_bar, label = _entry_points(STAMP)
