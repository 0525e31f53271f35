"""One made symbol whose return is told by its flow, and by its text where there are events."""

import numpy as np

from alphaloop.datasets.windows.store import Description, Store, SymbolRows
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.training.ablation.report import Order
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import examples_of
from alphaloop.training.chain.learner import Fitting
from tests.training.chain.builders import STEP, RidgeLearner

FEATURES = ("ret_1", "event_density", "event_decay", "event_sentiment", "funding_rate", "cvd_5m")
ASKED = Asked(symbols=("BTCUSDT",), timeframe="1h", horizons=("1h", "4h"), lookback=4, mode="fast", seed=3)
QUICK = Blocks(draws=200, seed=1)


def symbol_rows(rows=2000, flow=0.4, text=0.6, seed=0, shown=FEATURES):
    """``flow`` parts of each return stand in its flow; where there is an event (one row in five), ``text`` parts in
    its sentiment."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, len(FEATURES))).astype(np.float32)
    event = rng.random(rows) < 0.2
    values[:, 1] = values[:, 2] = np.where(event, 1.0, 0.0)
    values[~event, 3] = np.nan
    told = flow * values[:, 5] + text * np.where(event, np.nan_to_num(values[:, 3]), 0.0)
    held = 0.01 * (told + np.sqrt(1 - flow**2) * rng.normal(size=rows))
    now = STEP * (np.arange(rows, dtype=np.int64) + 480_000)
    total = np.concatenate(([0.0], np.cumsum(held)))
    fwd, ends = np.full((rows, 2), np.nan), np.zeros((rows, 2), dtype=np.int64)
    for column, steps in enumerate((1, 4)):
        fwd[: rows - 4, column] = (total[steps:] - total[:-steps])[: rows - 4]
        ends[: rows - 4, column] = now[: rows - 4] + steps * STEP
    held[-2:] = np.nan
    cost, flat = np.full((rows, 2), 0.0012), np.full(rows, 0.01)
    columns = [FEATURES.index(name) for name in shown]
    return SymbolRows(
        "BTCUSDT", now, values[:, columns], fwd, cost, cost, fwd, ends, np.ones(rows, dtype=bool), held, flat
    )


def store_of(folder, shown=FEATURES, **how):
    """A data set on disk with this symbol."""
    store = Store(folder)
    store.begin(
        Description(
            timeframe="1h", features=tuple(shown), schema_hash="feed", horizons=("1h", "4h"), versions={}, made_of={}
        )
    )
    store.add(symbol_rows(shown=shown, **how))
    return store


def examples(folder, shown=FEATURES, **how):
    """Examples of this symbol."""
    return examples_of(store_of(folder, shown, **how), "BTCUSDT", ASKED, cost=0.0006)


def fitting(folder):
    return Fitting(folder=folder, seed=3, embargo_us=ASKED.embargo_us, inner_folds=3)


def order(folder, made, **more):
    return Order(examples=made, make=RidgeLearner(), asked=ASKED, fitting=fitting(folder / "walks"), how=QUICK, **more)
