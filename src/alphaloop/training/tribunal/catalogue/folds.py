"""Splitters that let labels overlap, as they are found in the field."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from alphaloop.core.market import Bools, Ints
from alphaloop.hindsight.splits import CombinatorialPurgedCV, PurgedKFold, WalkForward
from alphaloop.hindsight.splits.splitter import Splitter
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.learning.panel import HORIZON, STEP_US
from alphaloop.training.tribunal.learning.subjects import Folds, Pairs

FOLDS = 5
Split = Callable[[Ints, Ints, Ints], Pairs]
Keep = Callable[[Ints, Ints, Bools], Bools]  # times, ends, test rows -> rows trained on


def ours(splitter: Splitter) -> Split:
    """One of ours, in the form of the court."""
    return lambda times, ends, _symbols: splitter.split(times=times, ends=ends)


def in_blocks(keep: Keep) -> Split:
    """K-fold over blocks of timestamps; ``keep`` says which of the other rows are trained on."""

    def split(times: Ints, ends: Ints, _symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
        for block in np.array_split(np.unique(times), FOLDS):
            test = (times >= block[0]) & (times <= block[-1])
            yield np.flatnonzero(keep(times, ends, test) & ~test), np.flatnonzero(test)

    return split


def apart(times: Ints, ends: Ints, test: Bools) -> Bools:
    """The honest rule: over before the block begins, or decided after all its labels."""
    return np.asarray((ends <= times[test].min()) | (times >= ends[test].max()))


def from_the_label_end(times: Ints, ends: Ints, test: Bools) -> Bools:
    """The purge window begins where the first test label ends, as in mlfinlab's PurgedKFold."""
    first = ends[test][np.argmin(times[test])]
    return np.asarray((ends < first) | (times >= ends[test].max()))


def by_horizon(times: Ints, _ends: Ints, test: Bools) -> Bools:
    """Twelve bars to either side, however long the labels are."""
    gap = HORIZON * STEP_US
    return np.asarray((times + gap <= times[test].min()) | (times >= times[test].max() + gap))


def before_only(times: Ints, ends: Ints, test: Bools) -> Bools:
    """Purged before the block; after it training goes on at once."""
    return np.asarray((ends <= times[test].min()) | (times > times[test].max()))


def to_the_last_row(times: Ints, ends: Ints, test: Bools) -> Bools:
    """After the block from the end of its last row's label, though an earlier one may be longer."""
    last = ends[test][np.argmax(times[test])]
    return np.asarray((ends <= times[test].min()) | (times >= last))


def shuffled(times: Ints, _ends: Ints, _symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Rows dealt out at random."""
    places = np.random.default_rng(0).permutation(len(times))
    for test in np.array_split(places, FOLDS):
        yield np.setdiff1d(places, test), np.sort(test)


def of_rows(purged: int) -> Split:
    """K-fold over rows, so many of them left out on either side."""

    def split(times: Ints, _ends: Ints, _symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
        rows = np.arange(len(times))
        for test in np.array_split(rows, FOLDS):
            yield rows[(rows < test[0] - purged) | (rows > test[-1] + purged)], test

    return split


def forward_over_rows(times: Ints, _ends: Ints, _symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Rows before, rows after: with rows by symbol, the next symbol's past after this one's end."""
    parts = np.array_split(np.arange(len(times)), FOLDS)
    for place in range(1, FOLDS):
        yield np.concatenate(parts[:place])[:-HORIZON], parts[place]


def by_symbol(_times: Ints, _ends: Ints, symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
    """One symbol is tested, the others are trained on, at the same time."""
    for one in np.unique(symbols):
        yield np.flatnonzero(symbols != one), np.flatnonzero(symbols == one)


def first_block_only(times: Ints, ends: Ints, _symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Two of five blocks are tested; rows are purged around the first."""
    blocks = [(times >= one[0]) & (times <= one[-1]) for one in np.array_split(np.unique(times), FOLDS)]
    for one, other in combinations(range(FOLDS), 2):
        test = blocks[one] | blocks[other]
        yield np.flatnonzero(apart(times, ends, blocks[one]) & ~test), np.flatnonzero(test)


def own_symbol_only(times: Ints, ends: Ints, symbols: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Each symbol is purged against its own test rows, as if symbols did not move together."""
    for block in np.array_split(np.unique(times), FOLDS):
        test, keep = (times >= block[0]) & (times <= block[-1]), np.zeros(len(times), dtype=np.bool_)
        for one in np.unique(symbols):
            mine = symbols == one
            own = test & mine
            keep |= mine & (apart(times, ends, own) if own.any() else True)
        yield np.flatnonzero(keep & ~test), np.flatnonzero(test)


def pair(name: str, leak: str, leaky: Split, clean: Split, *, forward: bool = False) -> Pair:
    """A pair of splitters."""
    return Pair(name, leak, Folds(f"{name} (leaky)", leaky, forward), Folds(f"{name} (clean)", clean, forward))


PURGED = ours(PurgedKFold(FOLDS))
PAIRS: tuple[Pair, ...] = (
    pair("shuffled K-fold", "rows dealt out at random", shuffled, PURGED),
    pair("K-fold without purge", "blocks of rows, nothing left out", of_rows(0), in_blocks(apart)),
    pair("rows purged on a panel", "twelve rows left out, of several symbols", of_rows(HORIZON), in_blocks(apart)),
    pair(
        "purge from the label's end",
        "the purge begins where the first test label ends",
        in_blocks(from_the_label_end),
        in_blocks(apart),
    ),
    pair(
        "label reaching past a purge",
        "twelve bars are purged, labels are longer",
        in_blocks(by_horizon),
        in_blocks(apart),
    ),
    pair("purged before, not after", "training goes on right after the block", in_blocks(before_only), PURGED),
    pair(
        "purge to the last row's end",
        "an earlier test label that is longer does not count",
        in_blocks(to_the_last_row),
        in_blocks(apart),
    ),
    pair("symbols apart", "other symbols are trained on at the same time", by_symbol, PURGED),
    pair("purged by own symbol", "symbols do not purge each other", own_symbol_only, PURGED),
    pair(
        "one of two blocks purged",
        "combinations of test blocks, purged around the first",
        first_block_only,
        ours(CombinatorialPurgedCV(FOLDS, 2)),
    ),
    pair(
        "walk-forward over rows",
        "rows in order, whatever their time",
        forward_over_rows,
        ours(WalkForward(FOLDS - 1)),
        forward=True,
    ),
    pair(
        "K-fold called walk-forward",
        "purged, and trained on what came later",
        PURGED,
        ours(WalkForward(FOLDS - 1, train_size=200)),
        forward=True,
    ),
)
