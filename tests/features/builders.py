"""Small markets with everything real ones have: holes, unknown and zero volume, stillness."""

import numpy as np
import polars as pl

from alphaloop.core.market import CLOSE, HIGH, LOW, Floats, Market
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.features.contract import Schema
from alphaloop.features.matrix import compute_arrays
from alphaloop.lake.columns import TIME

FIVE = Timeframe.parse("5m")
ALL = [
    "close",
    "ret_1",
    "ret_12",
    "ret_accel_3_12",
    "vol_3",
    "vol_12",
    "vol_term_3_12",
    "atr_14",
    "atr_1",
    "log_volume",
    "vol_z_12",
    "volume_impact",
    "sma_1",
    "sma_20",
    "ema_1",
    "ema_12",
    "rsi_14",
    "macd_5_9_4",
    "macd_signal_5_9_4",
    "macd_hist_5_9_4",
    "bb_upper",
    "bb_lower",
    "bb_width",
    "bb_pct",
    "donchian_high_1",
    "donchian_high_10",
    "donchian_low_10",
    "adx_5",
    "plus_di_5",
    "minus_di_5",
    "stoch_k_9_3_2",
    "stoch_d_9_3_2",
    "sma_dist_20",
    "ema_dist_12",
    "vwap_dist_12",
    "obv_10",
]


def tape(close, high=None, low=None, volume=None) -> Floats:
    """Bars (T, 6) from a list of closes; high, low and open equal the close where not given."""
    close = np.asarray(close, dtype=float)
    high = close if high is None else np.asarray(high, dtype=float)
    low = close if low is None else np.asarray(low, dtype=float)
    volume = np.ones_like(close) if volume is None else np.asarray(volume, dtype=float)
    return np.stack([close, high, low, close, volume, np.zeros_like(close)], axis=1)


def market(*tapes: Floats, ts=None, timeframe: Timeframe = FIVE) -> Market:
    """A market of one asset per tape, A, B, C, ..."""
    values = np.stack(tapes, axis=1)
    times = np.arange(len(values)) * timeframe.us if ts is None else np.asarray(ts)
    return Market(times.astype(np.int64), tuple("ABCDEFGH"[: len(tapes)]), values.copy(), timeframe)


def random_tape(
    rng: np.random.Generator, rows: int, holes: float = 0.0, still: float = 0.0, silent: float = 0.0
) -> Floats:
    """A random walk; fractions of rows that are absent, do not move, or have no known volume."""
    steps = rng.normal(0, 0.003, rows) * (rng.random(rows) >= still)
    close = rng.uniform(0.01, 60_000) * np.exp(np.cumsum(steps))
    before = np.concatenate([close[:1], close[:-1]])
    moving = (steps != 0).astype(float)
    high = np.maximum(close, before) * (1 + 0.002 * moving * rng.random(rows))
    low = np.minimum(close, before) * (1 - 0.002 * moving * rng.random(rows))
    volume = np.where(rng.random(rows) < still, 0.0, rng.lognormal(2, 1, rows))
    volume[rng.random(rows) < silent] = np.nan
    bars = np.stack([before, high, low, close, volume, np.zeros(rows)], axis=1)
    bars[rng.random(rows) < holes] = np.nan
    return bars


def random_market(seed: int, rows: int, assets: int = 2, **fractions: float) -> Market:
    """Several random walks on one clock."""
    rng = np.random.default_rng(seed)
    return market(*(random_tape(rng, rows, **fractions) for _ in range(assets)))


def column(name: str, *args, **named) -> list[float]:
    """One feature of a single tape, as a list."""
    bars = tape(*args, **named)
    return compute_arrays(market(bars), Schema([name]))[0][:, 0, 0].tolist()


def ohlc(source: Market, asset: int = 0) -> tuple[Floats, Floats, Floats]:
    """High, low and close of one asset, for TA-Lib."""
    values = source.values[:, asset]
    return tuple(np.ascontiguousarray(values[:, part]) for part in (HIGH, LOW, CLOSE))


def bars_frame(closes, symbol="A", venue="local", *, start=0, synthetic=False, step: Timeframe = FIVE) -> pl.DataFrame:
    """Rows of ``market_bars`` of one symbol, five minutes apart, all prices the close."""
    closes = np.asarray(closes, dtype=float)
    opens = start + np.arange(len(closes)) * step.us
    times = {"event_time": opens, "available_at": opens + step.us}
    frame = pl.DataFrame(times | dict.fromkeys(("open", "high", "low", "close"), closes))
    frame = frame.with_columns(pl.col("event_time", "available_at").cast(TIME), volume=pl.lit(1.0))
    names = {"venue": venue, "symbol": symbol, "timeframe": str(step), "source": "test"}
    marks = {"is_synthetic": synthetic, "is_derived": False}
    return frame.with_columns(pl.lit(value).alias(name) for name, value in (names | marks).items())


__all__ = ["ALL", "FIVE", "MINUTE_US", "bars_frame", "column", "market", "ohlc", "random_market", "random_tape", "tape"]
