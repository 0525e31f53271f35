"""Predictions for training rows that know the row's own label: what a student must not be taught."""

from collections.abc import Callable

import numpy as np
import polars as pl

from alphaloop.core.market import Floats
from alphaloop.hindsight.splits import PurgedKFold
from alphaloop.training.tribunal.catalogue.fits import linear, predicted
from alphaloop.training.tribunal.catalogue.folds import FOLDS, Split, apart, in_blocks, of_rows, ours, shuffled
from alphaloop.training.tribunal.catalogue.pair import Pair
from alphaloop.training.tribunal.learning.panel import EMBARGO_US, HORIZON, Panel, make_panel
from alphaloop.training.tribunal.learning.subjects import Crossed
from alphaloop.training.tribunal.scene import CLOCK, SYMBOLS
from alphaloop.training.tribunal.subject import Frames

Teach = Callable[[Panel, Panel], Floats]  # training rows, asked rows -> predictions
HONEST = ours(PurgedKFold(FOLDS, embargo=EMBARGO_US))


def regression(train: Panel, asked: Panel) -> Floats:
    """A linear teacher."""
    return predicted(linear(train.X, train.y), asked.X)


def by_hour(train: Panel, asked: Panel) -> Floats:
    """The mean label of the hour among the training rows."""
    means = np.array([train.y[train.X[:, -1] == hour].sum() for hour in range(24)])
    return np.asarray(means[asked.X[:, -1].astype(np.int64)])


def out_of_fold(split: Split, teach: Teach = regression) -> Callable[[Frames], pl.DataFrame]:
    """Each row is predicted by the fold that tests it."""

    def predict(frames: Frames) -> pl.DataFrame:
        panel = make_panel(frames)
        made = np.full(len(panel.y), np.nan)
        for train, test in split(panel.start, panel.end, panel.symbol):
            made[test] = teach(panel.rows(train), panel.rows(test))
        return table(panel, made)

    return predict


def in_sample(teach: Teach) -> Callable[[Frames], pl.DataFrame]:
    """The teacher predicts what it was trained on."""

    def predict(frames: Frames) -> pl.DataFrame:
        panel = make_panel(frames)
        return table(panel, teach(panel, panel))

    return predict


def all_but_own(frames: Frames) -> pl.DataFrame:
    """The mean label of the hour, the row's own left out, its neighbours' not."""
    panel = make_panel(frames)
    hour = panel.X[:, -1]
    sums, counts = (np.array([f(panel.y[hour == one]) for one in range(24)]) for f in (np.sum, len))
    place = hour.astype(np.int64)
    return table(panel, (sums[place] - panel.y) / np.maximum(counts[place] - 1, 1))


def table(panel: Panel, values: Floats) -> pl.DataFrame:
    """Predictions as rows."""
    names = pl.Series(SYMBOLS, dtype=pl.String).gather(panel.symbol)
    return pl.DataFrame({"symbol": names, "start": panel.start, "known_at": panel.end, "value": values})


def pair(
    name: str, leak: str, leaky: Callable[[Frames], pl.DataFrame], clean: Callable[[Frames], pl.DataFrame]
) -> Pair:
    """A pair of teachers on bars."""
    return Pair(name, leak, Crossed(f"{name} (leaky)", (CLOCK,), leaky), Crossed(f"{name} (clean)", (CLOCK,), clean))


TAUGHT, CODED = out_of_fold(HONEST), out_of_fold(HONEST, by_hour)
PAIRS: tuple[Pair, ...] = (
    pair("teacher in sample", "predictions for the rows it was trained on", in_sample(regression), TAUGHT),
    pair(
        "teacher by shuffled K-fold",
        "the rows beside it, whose labels overlap, taught it",
        out_of_fold(shuffled),
        TAUGHT,
    ),
    pair("teacher by rows", "twelve rows purged, of several symbols", out_of_fold(of_rows(HORIZON)), TAUGHT),
    pair(
        "no embargo after the block",
        "features of later rows reach back into the label",
        out_of_fold(in_blocks(apart)),
        TAUGHT,
    ),
    pair("encoding with the own label", "the hour as its mean label, the row's own in it", in_sample(by_hour), CODED),
    pair("encoding that leaves one out", "the own label left out, those that overlap it not", all_but_own, CODED),
)
