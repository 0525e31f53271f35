"""Leaks through windows: shifted, centred, run backwards, filled from behind."""

import numpy as np
import polars as pl

from alphaloop.training.tribunal.catalogue.pair import Pair, bars_of, by_bar, pair, rows
from alphaloop.training.tribunal.subject import Frames

CLOSE, VOLUME = pl.col("close"), pl.col("volume")
RETURN = CLOSE / CLOSE.shift(1) - 1
QUIET = pl.when(pl.col("trades") % 3 != 0).then(VOLUME)  # a volume with a third of its values missing
WARM = VOLUME.rolling_sum(48)
HORIZON = 12
FORWARD = CLOSE.shift(-HORIZON) / CLOSE - 1


def smoothed_both_ways(frames: Frames) -> pl.DataFrame:
    """An exponential average run forwards, then backwards, as zero-phase filters do."""
    ahead = CLOSE.ewm_mean(span=12)
    return rows(bars_of(frames), ahead.reverse().ewm_mean(span=12).reverse().over("symbol"))


def low_pass(frames: Frames) -> pl.DataFrame:
    """The slow part of the whole series, by Fourier transform."""
    parts = []
    for own in bars_of(frames).partition_by("symbol", maintain_order=True):
        spectrum = np.fft.rfft(own["close"].to_numpy())
        spectrum[12:] = 0
        parts.append(rows(own, pl.lit(pl.Series(np.fft.irfft(spectrum, own.height)))))
    return pl.concat(parts) if parts else rows(bars_of(frames), CLOSE)


def label(claims: int) -> pl.Expr:
    """The instant a label of :data:`HORIZON` bars claims to be known: the close of that many bars on."""
    return pl.col("available_at").shift(-claims).over("symbol").alias("known_at")


def labelled(frames: Frames, claims: int) -> pl.DataFrame:
    """Forward returns as labels, for what trains on them."""
    return bars_of(frames).select("symbol", label(claims), FORWARD.over("symbol").alias("value"))


def kernel_sum(lags: range) -> pl.Expr:
    """A hump of weights laid over the closes at ``lags``, negative ones ahead."""
    weights = np.hanning(len(lags) + 2)[1:-1]
    total = pl.lit(0.0)
    for weight, lag in zip(weights.tolist(), lags, strict=True):
        total = total + weight * CLOSE.shift(lag)
    return total


SWING = pl.col("high") == pl.col("high").rolling_max(11)
PAIRS: tuple[Pair, ...] = (
    pair(
        "centred window",
        "a rolling mean whose window reaches as far ahead as back",
        by_bar(CLOSE.rolling_mean(25, center=True)),
        by_bar(CLOSE.rolling_mean(25)),
    ),
    pair("shift(-1)", "the next bar's return", by_bar(RETURN.shift(-1)), by_bar(RETURN)),
    pair("label among features", "the return it is to forecast", by_bar(FORWARD), by_bar(CLOSE / CLOSE.shift(12) - 1)),
    pair(
        "label ends later than it says",
        "a 12-bar label that claims to be known after 11",
        lambda frames: labelled(frames, HORIZON - 1),
        lambda frames: labelled(frames, HORIZON),
    ),
    pair("reversed cumulative", "a sum from the end", by_bar(VOLUME.cum_sum(reverse=True)), by_bar(VOLUME.cum_sum())),
    pair(
        "reversed rolling",
        "a window over the series turned round",
        by_bar(VOLUME.reverse().rolling_max(24).reverse()),
        by_bar(VOLUME.rolling_max(24)),
    ),
    pair(
        "two-sided smoothing",
        "a zero-phase filter",
        smoothed_both_ways,
        by_bar(CLOSE.ewm_mean(span=12).ewm_mean(span=12)),
    ),
    pair("Fourier low-pass", "the slow part of the whole series", low_pass, by_bar(CLOSE.rolling_mean(48))),
    pair(
        "central difference",
        "a slope through both neighbours, as numpy.gradient takes it",
        by_bar((CLOSE.shift(-1) - CLOSE.shift(1)) / 2),
        by_bar((CLOSE - CLOSE.shift(2)) / 2),
    ),
    pair(
        "convolution, mode same",
        "a kernel laid with its middle on the bar",
        by_bar(kernel_sum(range(-4, 5))),
        by_bar(kernel_sum(range(9))),
    ),
    pair(
        "swing high at the swing",
        "a high is marked where it stood, which five later bars confirm",
        by_bar((pl.col("high") == pl.col("high").rolling_max(11, center=True)).cast(pl.Float64)),
        by_bar((pl.col("high").shift(5) == pl.col("high").rolling_max(11)).cast(pl.Float64)),
    ),
    pair(
        "backfill",
        "a missing value is taken from the next",
        by_bar(QUIET.backward_fill()),
        by_bar(QUIET.forward_fill()),
    ),
    pair(
        "interpolation",
        "a missing value lies between its neighbours, one of them ahead",
        by_bar(QUIET.interpolate()),
        by_bar(QUIET.forward_fill()),
    ),
    pair(
        "warm-up filled from behind", "rows before the first value show it", by_bar(WARM.backward_fill()), by_bar(WARM)
    ),
    pair(
        "warm-up one row short",
        "the first full window is shown one row too early",
        by_bar(pl.when(pl.int_range(pl.len()) == 46).then(WARM.shift(-1)).otherwise(WARM)),
        by_bar(WARM),
    ),
)
