"""Splitters on trial: counted, on panels where there is something to purge.

A wrong purge does not show in a score, so nothing is fitted here: overlaps are counted. The
panels are the scene's labels, of one length and of barriers, by time and by symbol.
"""

from typing import NamedTuple

import numpy as np

from alphaloop.core.errors import NoData
from alphaloop.core.market import Instrument, Ints
from alphaloop.hindsight.labels import triple_barrier, windows
from alphaloop.hindsight.splits import audit
from alphaloop.training.tribunal.futures import Futures
from alphaloop.training.tribunal.learning.panel import HORIZON, make_panel, with_funding
from alphaloop.training.tribunal.learning.subjects import Folds
from alphaloop.training.tribunal.subject import Frames
from alphaloop.training.tribunal.verdict import BACKWARD, OVERLAP, Evidence, Finding

BARRIER = 0.01  # fraction of price, to either side


class Rows(NamedTuple):
    """Times, ends and symbols of a panel's rows, each shape (n,)."""

    times: Ints
    ends: Ints
    symbols: Ints


def judge_folds(subject: Folds, futures: Futures) -> tuple[Finding, ...]:
    """Count the overlaps of every fold on every panel.

    Raises
    ------
    NoData
        If the splitter makes no folds, or the panels have nothing to purge: then nothing was proved.
    """
    overlap = backward = Evidence()
    for rows in panels(futures.scene.frames):
        pairs = [(np.asarray(train), np.asarray(test)) for train, test in subject.split(*rows)]
        found = audit(pairs, times=rows.times, ends=rows.ends)
        if found.vacuous:
            raise NoData(f"nothing to purge in {len(pairs)} folds of '{subject.name}'", "labels over a border", "")
        for one, (train, test) in zip(found.folds, pairs, strict=True):
            begins = int(rows.times[test].min())
            overlap = overlap.with_one(one.overlaps > 0, begins)
            backward = backward.with_one(bool((rows.ends[train] > begins).any()), begins)
    order = {BACKWARD: backward} if subject.forward else {}
    return (Finding(subject.name, {OVERLAP: overlap, **order}),)


def panels(frames: Frames) -> tuple[Rows, ...]:
    """Labels of twelve bars and labels of barriers, each by time and by symbol."""
    made = []
    for rows in (_fixed(frames), _barriers(frames)):
        for key in ((rows.symbols, rows.times), (rows.times, rows.symbols)):
            order = np.lexsort(key)
            made.append(Rows(*(column[order] for column in rows)))
    return tuple(made)


def _fixed(frames: Frames) -> Rows:
    panel = make_panel(frames)
    return Rows(panel.start, panel.end, panel.symbol)


def _barriers(frames: Frames) -> Rows:
    market = with_funding(frames)
    parts = []
    for asset, symbol in enumerate(market.symbols):
        window = windows(market, asset, 4 * HORIZON)
        end = triple_barrier(window, Instrument(symbol), BARRIER).end
        known = end > 0
        parts.append(Rows(window.start[known], end[known], np.full(int(known.sum()), asset)))
    return Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
