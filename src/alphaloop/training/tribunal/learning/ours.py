"""What this package itself learns with, as subjects: as-of join, labels, splitters, encoder, models.

Each is called as users call it. A model is judged three times: fitted in a window, as a teacher
whose predictions for its own training rows are made out of fold, and in the chain that walks
forward and trades.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Instrument
from alphaloop.core.protocols import Forecaster
from alphaloop.features import asof
from alphaloop.features.sources.encoder import pca
from alphaloop.hindsight.labels import LabelSpec, label_frame
from alphaloop.hindsight.labels.windows import By
from alphaloop.hindsight.splits import CombinatorialPurgedCV, PurgedKFold, WalkForward
from alphaloop.hindsight.splits.splitter import Splitter
from alphaloop.models.gbm import Boosting, GradientBoosting
from alphaloop.models.ridge import Ridge
from alphaloop.training.tribunal.learning import chain
from alphaloop.training.tribunal.learning.panel import EMBARGO_US, HORIZON, make_panel, probe, with_funding
from alphaloop.training.tribunal.learning.subjects import Crossed, Decided, Fit, Folds, Half, Labels, Span
from alphaloop.training.tribunal.scene import CLOCK, SYMBOLS
from alphaloop.training.tribunal.subject import Frames, Recipe

JOINED = {"funding_rates": "rate", "open_interest": "oi_usd", "onchain_signals": "value"}
READ = (CLOCK, "funding_rates")
BYS: tuple[By, ...] = ("time", "bars")
FORWARD = ("fwd_ret", "est_cost_long", "est_cost_short", "net_long", "net_short", "utility")
BARRIER = ("barrier", "barrier_ret", "barrier_net", "barrier_both")
SPAN_BARS = 48  # memory of the volatility that scales labels
WINDOW, DIMENSION = 8, 3  # of the encoder
FORECASTERS: dict[str, Callable[[], Forecaster]] = {
    "ridge": Ridge,
    "gradient boosting": lambda: GradientBoosting(Boosting(rounds=30, patience=5, gap=3 * HORIZON)),
}


@lru_cache(maxsize=1)
def subjects() -> tuple[Half, ...]:
    """Everything of ours that learns or serves learning, in a fixed order."""
    return (as_of_join(), *_labels(), *(folds(one) for one in splitters()), *_fits())


def _labels() -> Iterator[Labels]:
    for by in BYS:
        yield labels(f"forward labels by {by}", LabelSpec((HORIZON,), by=by, span=SPAN_BARS), FORWARD, "end")
        yield labels(f"barriers by {by}", LabelSpec((HORIZON,), by=by, width=0.01), BARRIER, "barrier_end")
    scaled = LabelSpec((HORIZON,), span=SPAN_BARS)
    yield labels("classes by volatility", scaled, ("class",), "end", scaled=True)
    yield labels("barriers by volatility", scaled, BARRIER, "barrier_end", scaled=True)


def _fits() -> Iterator[Fit | Crossed | Decided]:
    yield Fit("market encoder", (CLOCK,), encoder)
    for name, make in FORECASTERS.items():
        yield Fit(name, (CLOCK,), refitted(make), partial(refitted, make))
        yield Crossed(f"{name} out of fold", (CLOCK,), chain.teacher(make))
        yield Decided(f"{name}, walk-forward and rule", (CLOCK, "funding_rates"), chain.positions(make))


def as_of_join() -> Recipe:
    """The newest known figure of three slow tables at each bar."""

    def compute(frames: Frames) -> pl.DataFrame:
        parts = [pl.DataFrame(schema={"symbol": pl.String, "known_at": pl.Int64, **dict.fromkeys(JOINED, pl.Float64)})]
        for symbol in SYMBOLS:
            now = _own(frames[CLOCK], symbol)["available_at"].to_physical().to_numpy()
            found = {table: _newest(_own(frames[table], symbol), name, now) for table, name in JOINED.items()}
            parts.append(pl.DataFrame({"symbol": [symbol] * len(now), "known_at": now, **found}))
        return pl.concat(parts)

    return Recipe("as-of join", tuple(JOINED), (CLOCK, *JOINED), compute)


def _own(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    return frame.filter(pl.col("symbol") == symbol).sort("available_at", "event_time", maintain_order=True)


def _newest(rows: pl.DataFrame, name: str, now: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Floats:
    values = rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return asof.newest(rows["available_at"].to_physical().to_numpy(), values, now)[0]


def labels(name: str, spec: LabelSpec, stems: tuple[str, ...], end: str, *, scaled: bool = False) -> Labels:
    """Columns of the label table, each known at the end that the table states."""

    def compute(frames: Frames) -> pl.DataFrame:
        market = with_funding(frames)
        if len(market) == 0:
            return pl.DataFrame(schema={"symbol": pl.String, "start": pl.Int64, "known_at": pl.Int64, **_empty(stems)})
        suffix = spec.name(HORIZON, market.timeframe)
        made = label_frame(market, [Instrument(one, taker_fee=0.0005) for one in SYMBOLS], spec)
        return made.select(
            "symbol",
            "start",
            pl.col(f"{end}_{suffix}").alias("known_at"),
            *(pl.col(f"{stem}_{suffix}").alias(stem) for stem in stems),
        )

    return Labels(name, stems, READ, compute, stems if scaled else ())


def _empty(stems: tuple[str, ...]) -> dict[str, type[pl.Float64]]:
    return dict.fromkeys(stems, pl.Float64)


def splitters() -> tuple[Splitter, ...]:
    """Every splitter, with and without its options."""
    return (
        PurgedKFold(5),
        PurgedKFold(4, embargo=EMBARGO_US),
        CombinatorialPurgedCV(6, 2),
        CombinatorialPurgedCV(5, 2, embargo=EMBARGO_US),
        WalkForward(4),
        WalkForward(5, train_size=150, embargo=EMBARGO_US),
    )


def folds(splitter: Splitter) -> Folds:
    """A splitter as users call it."""
    forward = isinstance(splitter, WalkForward)
    options = ", ".join(f"{name}={value}" for name, value in vars(splitter).items() if value and name != "most")
    return Folds(
        f"{type(splitter).__name__}({options})",
        lambda times, ends, _symbols: splitter.split(times=times, ends=ends),
        forward,
    )


def encoder(frames: Frames, span: Span) -> Floats:
    """All parameters of the market encoder fitted in a window."""
    bars = frames[CLOCK].filter(pl.col("available_at").to_physical() > span.begin, pl.col("close").is_not_nan())
    made = pca.fit_encoder(bars, until=span.until, window=WINDOW, dimension=DIMENSION)
    return np.concatenate([part.ravel() for part in (made.scale, made.weights, made.bias, made.explained)])


def refitted(make: Callable[[], Forecaster]) -> Callable[[Frames, Span], Floats]:
    """Means and quantiles that a model forecasts after it was fitted in a window; one model for all windows."""
    model = make()

    def learn(frames: Frames, span: Span) -> Floats:
        panel = make_panel(frames)
        train = panel.rows((panel.start > span.begin) & (panel.end <= span.until))
        forecast = model.fit(train.X[:, None, :], train.y[:, None]).predict(probe()[:, None, :])
        return np.concatenate([forecast.mean, forecast.quantile(0.1), forecast.quantile(0.9)], axis=1)

    return learn
