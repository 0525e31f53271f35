"""Small made examples: one symbol, a few features, an edge where one is asked for."""

from dataclasses import dataclass

import numpy as np

from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.datasets.windows.store import Description, Store, SymbolRows
from alphaloop.models.ridge import Ridge
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import Examples, examples_of

STEP = 3_600_000_000
FEATURES = ("ret_1", "vol_12", "social_posts", "funding_rate", "cvd_5m", "rsi_14")
MODALITIES = ("price", "price", "social", "derivatives", "flow", "price")
ASKED = Asked(symbols=("BTCUSDT",), timeframe="1h", horizons=("1h", "4h"), lookback=4, mode="fast", seed=3)


def symbol_rows(name="BTCUSDT", rows=1500, edge=0.5, seed=0, missing_text=0.5):
    """Hourly bars whose next return is ``edge`` parts feature 0 and the rest noise; the last four have no label."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, len(FEATURES))).astype(np.float32)
    values[rng.random(rows) < missing_text, 2] = np.nan
    held = 0.01 * (edge * values[:, 0] + np.sqrt(1 - edge**2) * rng.normal(size=rows))
    now = STEP * (np.arange(rows, dtype=np.int64) + 480_000)
    total = np.concatenate(([0.0], np.cumsum(held)))
    fwd = np.full((rows, 2), np.nan)
    ends = np.zeros((rows, 2), dtype=np.int64)
    for column, steps in enumerate((1, 4)):
        fwd[: rows - 4, column] = (total[steps:] - total[:-steps])[: rows - 4]
        ends[: rows - 4, column] = now[: rows - 4] + steps * STEP
    held[-2:] = np.nan
    cost = np.full((rows, 2), 0.0012)
    flat = np.full(rows, 0.01)
    return SymbolRows(name, now, values, fwd, cost, cost, fwd, ends, np.ones(rows, dtype=bool), held, flat)


def store_of(folder, *symbols):
    """A data set on disk with these symbols."""
    store = Store(folder)
    store.begin(
        Description(
            timeframe="1h",
            features=FEATURES,
            schema_hash="feed",
            horizons=("1h", "4h"),
            versions={"market_bars": 1, "feature_matrix_main": 2},
            made_of={"made": True},
        )
    )
    for rows in symbols or (symbol_rows(),):
        store.add(rows)
    return store


def examples(folder, asked=ASKED, **how) -> Examples:
    """Examples of one made symbol."""
    return examples_of(store_of(folder, symbol_rows(**how)), "BTCUSDT", asked, cost=0.0006)


@dataclass(frozen=True)
class RidgeLearner:
    """A variant that takes no time."""

    penalty: float = 0.01
    name: str = "ridge"

    def __call__(self, examples):
        return RidgeLearner(self.penalty)

    def fit(self, train: WindowRows, how):
        fitted = RidgeLearner(self.penalty)
        object.__setattr__(fitted, "model", Ridge(self.penalty).fit(newest(train), train.targets))
        return fitted

    def predict(self, rows: WindowRows):
        return self.model.predict(newest(rows))

    def save(self, folder):
        self.model.save(folder / "ridge.json")
        return {"model": folder / "ridge.json"}

    def facts(self):
        return {"penalty": self.penalty}


def newest(rows):
    return np.asarray(rows.newest(), dtype=np.float64)[:, None, :]
