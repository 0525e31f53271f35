"""Leaks through statistics of the whole sample: scales, ranks, encodings, fits."""

import numpy as np
import polars as pl

from alphaloop.core.market import Floats
from alphaloop.core.time import DAY_US
from alphaloop.training.tribunal.catalogue.pair import Compute, Pair, bars_of, by_bar, pair, rows
from alphaloop.training.tribunal.subject import Frames

CLOSE, VOLUME, HIGH = pl.col("close"), pl.col("volume"), pl.col("high")
RETURN = CLOSE / CLOSE.shift(1) - 1
TIME = pl.col("event_time")
WINDOW = 96
FITTING_US = 5 * DAY_US  # from the first bar: what honest fits may see
LAGS = range(1, 7)


def _scaled(low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return (CLOSE - low) / (high - low)


def trailing_rank(frames: Frames) -> pl.DataFrame:
    """Share of the last volumes that are not above this one."""
    parts = []
    for own in bars_of(frames).partition_by("symbol", maintain_order=True):
        volume = own["volume"].to_numpy()
        rank = np.full(own.height, np.nan)
        if own.height >= WINDOW:
            windows = np.lib.stride_tricks.sliding_window_view(volume, WINDOW)
            rank[WINDOW - 1 :] = (windows <= windows[:, -1:]).sum(axis=1) / WINDOW
        parts.append(rows(own, pl.lit(pl.Series(rank, dtype=pl.Float64))))
    return pl.concat(parts) if parts else rows(bars_of(frames), VOLUME)


def of_hour(mean: pl.Expr) -> Compute:
    """Returns encoded by the hour of the day."""
    return lambda frames: rows(
        bars_of(frames).with_columns(r=RETURN.over("symbol"), hour=TIME.dt.hour()), mean.over("symbol", "hour")
    )


def survivors(frames: Frames) -> pl.DataFrame:
    """Bars of those symbols that trade to the end: an index without the dead."""
    bars = bars_of(frames)
    alive = (TIME.max().over("symbol") >= TIME.max() - pl.duration(days=1)).alias("alive")
    return rows(bars.with_columns(alive).filter("alive"), CLOSE)


def component(whole: bool) -> Compute:
    """First principal component of five lagged returns, fitted on everything or on the first days."""

    def compute(frames: Frames) -> pl.DataFrame:
        return _fitted(bars_of(frames), whole, _first_direction)

    return compute


def best_lag(whole: bool) -> Compute:
    """The lagged return that went best with the next one, chosen on everything or on the first days."""

    def compute(frames: Frames) -> pl.DataFrame:
        return _fitted(bars_of(frames), whole, _one_lag)

    return compute


def _fitted(bars: pl.DataFrame, whole: bool, fit: object) -> pl.DataFrame:
    """Lagged returns times weights; honest weights come from the first days and serve only after them."""
    lagged = bars.with_columns(RETURN.shift(lag - 1).over("symbol").alias(f"lag{lag}") for lag in LAGS)
    values = lagged.select(f"lag{lag}" for lag in LAGS).to_numpy()
    complete = ~np.isnan(values).any(axis=1)
    known = bars["available_at"].to_physical().to_numpy()
    early = known <= known.min(initial=np.iinfo(np.int64).max) + FITTING_US
    weights = fit(values[complete if whole else complete & early])  # type: ignore[operator]
    total = np.full(len(values), np.nan)
    shown = complete if whole else complete & ~early
    total[shown] = _combined(values[shown], weights)
    return rows(bars, pl.lit(pl.Series(total, dtype=pl.Float64)))


def _combined(values: Floats, weights: Floats) -> Floats:
    """Weighted sums in a fixed order: a matrix product may round by the number of rows."""
    total = np.zeros(len(values))
    for place, weight in enumerate(weights.tolist()):
        total += weight * values[:, place]
    return total


def _first_direction(values: Floats) -> Floats:
    if len(values) < 2 * len(LAGS):
        return np.zeros(len(LAGS))
    _, _, directions = np.linalg.svd(values - values.mean(axis=0), full_matrices=False)
    return np.asarray(directions[0] * np.sign(directions[0][0]))


def _one_lag(values: Floats) -> Floats:
    weights = np.zeros(len(LAGS))
    if len(values) > len(LAGS):
        match = [abs(float(np.mean(values[1:, 0] * values[:-1, place]))) for place in range(len(LAGS))]
        weights[int(np.argmax(match))] = 1.0
    return weights


EARLIER_SUM = pl.col("r").fill_nan(None).cum_sum().shift(1)
EARLIER_COUNT = pl.col("r").fill_nan(None).cum_count().shift(1)
PAIRS: tuple[Pair, ...] = (
    pair(
        "full-sample scaling",
        "mean and deviation of all rows",
        by_bar((CLOSE - CLOSE.mean()) / CLOSE.std()),
        by_bar((CLOSE - CLOSE.rolling_mean(WINDOW)) / CLOSE.rolling_std(WINDOW)),
    ),
    pair(
        "full-sample minimum and maximum",
        "a scale from 0 to 1 over all rows",
        by_bar(_scaled(CLOSE.min(), CLOSE.max())),
        by_bar(_scaled(CLOSE.rolling_min(WINDOW), CLOSE.rolling_max(WINDOW))),
    ),
    pair(
        "full-sample quantile",
        "a threshold at the 90th percentile of all rows",
        by_bar((VOLUME.quantile(0.9) < VOLUME).cast(pl.Float64)),
        by_bar((VOLUME.rolling_quantile(0.9, window_size=WINDOW) < VOLUME).cast(pl.Float64)),
    ),
    pair("full-sample percentile rank", "the place among all rows", by_bar(VOLUME.rank() / pl.len()), trailing_rank),
    pair(
        "clipped at the sample's extreme",
        "outliers are cut at the 99th percentile of all rows",
        by_bar(RETURN.clip(upper_bound=RETURN.quantile(0.99))),
        by_bar(RETURN.clip(upper_bound=RETURN.rolling_quantile(0.99, window_size=WINDOW))),
    ),
    pair(
        "normalised by the final price",
        "prices in units of the last",
        by_bar(CLOSE / CLOSE.last()),
        by_bar(CLOSE / CLOSE.shift(WINDOW)),
    ),
    pair(
        "distance from the highest ever",
        "a high that is still to come",
        by_bar(CLOSE / HIGH.max()),
        by_bar(CLOSE / HIGH.cum_max()),
    ),
    pair(
        "mean of the symbol",
        "the symbol's mean over all rows",
        by_bar(VOLUME / VOLUME.mean()),
        by_bar(VOLUME / VOLUME.rolling_mean(WINDOW)),
    ),
    pair(
        "place in the sample",
        "the row's number over the number of rows",
        by_bar(pl.int_range(pl.len()) / pl.len()),
        by_bar(TIME.dt.hour() / 24),
    ),
    pair("survivors only", "symbols that trade to the end", survivors, by_bar(CLOSE)),
    pair(
        "target encoding",
        "the mean next return of the hour, over all days",
        lambda frames: rows(
            bars_of(frames).with_columns(r=RETURN.shift(-1).over("symbol"), hour=TIME.dt.hour()),
            pl.col("r").mean().over("symbol", "hour"),
        ),
        of_hour(EARLIER_SUM / EARLIER_COUNT),
    ),
    pair("components fitted on all", "principal components of the whole sample", component(True), component(False)),
    pair("lag chosen on all", "the lag that worked best in the whole sample", best_lag(True), best_lag(False)),
    pair(
        "regression on all",
        "the slope of returns on volume changes over all rows",
        by_bar(RETURN * pl.corr(RETURN, VOLUME)),
        by_bar(RETURN * pl.rolling_corr(RETURN, VOLUME, window_size=WINDOW)),
    ),
)
