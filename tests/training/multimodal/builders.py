"""Made examples in which text matters as much as one asks for."""

import numpy as np

from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.datasets.windows.store import SymbolRows
from alphaloop.training.chain.examples import Examples

STEP = 3_600_000_000
FEATURES = ("ret_1", "event_sentiment", "event_density", "social_posts", "vol_12")
MODALITIES = ("price", "event", "event", "social", "price")


def examples(rows=3000, text=0.5, seed=0, said=0.4):
    """Hourly rows, labels of 2 bars: an edge of 0.2 in ``ret_1``, of ``text`` in the sentiment where one was said."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, len(FEATURES)))
    loud = rng.random(rows) < said
    values[:, 2] = np.where(loud, rng.integers(1, 5, rows), 0) / 24
    values[:, 3] = np.where(rng.random(rows) < 0.3, np.nan, np.where(loud, rng.integers(0, 5, rows), 0))
    values[~loud, 1] = np.nan
    tilt = 0.2 * values[:, 0] + text * np.nan_to_num(values[:, 1])
    held = 0.01 * (tilt + rng.normal(size=rows))
    now = STEP * (np.arange(rows, dtype=np.int64) + 480_000)
    fwd = np.full((rows, 1), np.nan)
    fwd[:-2, 0] = held[:-2] + held[1:-1]
    ends = np.where(np.isfinite(fwd), (now + 2 * STEP)[:, None], 0)
    cost, flat = np.full((rows, 1), 0.0012), np.full(rows, 0.01)
    own = SymbolRows(
        "XUSDT", now, values.astype(np.float32), fwd, cost, cost, fwd, ends, np.ones(rows, dtype=bool), held, flat
    )
    every = WindowRows((own,), 1, (0,), np.zeros(rows, dtype=np.int64), np.arange(rows))
    return Examples(
        symbol="XUSDT", timeframe="1h", features=FEATURES, modalities=MODALITIES, schema_hash="feed",
        horizons=("2h",), every=every, at=np.arange(rows - 2), cost=0.0006,
    )  # fmt: skip
