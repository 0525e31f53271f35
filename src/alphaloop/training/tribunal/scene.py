"""The scene: a small simulated market with every kind of fact, and the traps of real ones.

Three symbols, half-hour bars; one is delisted before the end, bars have holes, chain
figures are revised days later, some events carry a date only, some links between event and
symbol are made late, likes are counted long after most posts. All from one seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from alphaloop.core.market import Ints
from alphaloop.core.time import DAY_US, HOUR_US, SECOND_US, Timeframe
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import Sampling, SimulatedMarket, simulate
from alphaloop.training.tribunal.subject import Frames

CLOCK = "market_bars"  # the table whose rows set the decision times
SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
DELISTED, LISTED_SHARE = "CCCUSDT", 0.6  # the last symbol leaves after that share of the span
HOLES = 0.02  # share of bars that are absent
REVISED = "active_addresses"  # the chain figure that is revised
REVISION_US = 3 * DAY_US
LATE_LINK_US = 12 * HOUR_US

MADE_LATER: Mapping[str, tuple[str, ...]] = {
    "social_posts": ("likes", "reposts", "replies", "author_followers"),
}
"""Columns whose value is settled after the row's ``available_at``: counts at collection."""

COUNTED_IN_TIME = pl.col("payload").str.contains("collected_at", literal=True).fill_null(False)
"""Rows of the scene that say their counts were taken by then."""

FIGURES = (
    "long_short_ratio_global_accounts",
    "long_short_ratio_top_accounts",
    "long_short_ratio_top_positions",
    "taker_buy_sell_ratio",
    "basis_rate",
    "annualized_basis_rate",
)
FEED_DAYS = (8, 11)  # in which the first symbol has raw trades and quotes, and its bars state no takers
FEED_PER_BAR = 12


@dataclass(frozen=True, slots=True)
class Scene:
    """Facts to be judged on.

    Parameters
    ----------
    frames : mapping of table name to DataFrame
        Sorted by ``available_at``, ``event_time``, then key.
    symbols : tuple of str
    timeframe : Timeframe
    """

    frames: Frames
    symbols: tuple[str, ...]
    timeframe: Timeframe

    @property
    def nows(self) -> Ints:
        """Instants at which some bar became known, ascending, microseconds."""
        return np.asarray(self.frames[CLOCK]["available_at"].to_physical().unique().sort().to_numpy())


def make_scene(seed: int = 7, *, days: int = 15) -> Scene:
    """The scene of a seed: the same bytes each time.

    Examples
    --------
    >>> scene = make_scene(days=4)
    >>> scene.symbols, len(scene.nows) > 150, sorted(scene.frames)[:3]
    (('AAAUSDT', 'BBBUSDT', 'CCCUSDT'), True, ['derivatives', 'entities', 'event_links'])
    """
    market = SimulatedMarket(
        symbols=SYMBOLS,
        days=days,
        timeframe="30m",
        seed=seed,
        sampling=Sampling(book_every=1, interest_every=1, posts_per_day=8.0, news_per_day=1.5),
    )
    random, frames = np.random.default_rng([seed, 1]), simulate(market)
    bars = frames[CLOCK]
    frames[CLOCK] = _without_takers(bars).filter(pl.Series(random.random(bars.height) >= HOLES))
    frames["onchain_signals"] = pl.concat([frames["onchain_signals"], *_revised(frames["onchain_signals"], random)])
    frames["events"] = _dated(frames["events"], random)
    frames["event_links"] = _linked_late(frames["event_links"], frames["events"], random)
    frames["social_posts"] = _counted(frames["social_posts"], random)
    frames["prices"], frames["derivatives"] = _prices(bars, random), _figures(bars, random)
    frames["trades"] = _trades(bars, random)
    frames["orderbook_l2"] = pl.concat([frames["orderbook_l2"].filter(~_fed()), _quotes(bars, random)])
    end = market.start + int(days * DAY_US * LISTED_SHARE)
    gone = (pl.col("symbol") == DELISTED) & (pl.col("event_time").to_physical() >= end)
    for name, frame in frames.items():
        frames[name] = order(name, frame.filter(~gone) if "symbol" in frame.columns else frame)
    return Scene(frames, SYMBOLS, market.interval)


def order(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows as features receive them: by ``available_at``, ``event_time``, then key."""
    return frame.sort(list(dict.fromkeys(("available_at", "event_time", *TABLES[table].key))), maintain_order=True)


def _us(frame: pl.DataFrame, name: str) -> Ints:
    return np.array(frame[name].to_physical())


def _times(name: str, values: Ints) -> pl.Series:
    return pl.Series(name, values).cast(pl.Datetime("us", "UTC"))


def _revised(chain: pl.DataFrame, random: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A second figure, and the same days again with other values, known three days later."""
    first = chain.with_columns(metric=pl.lit(REVISED), value=pl.Series(random.lognormal(10, 0.1, chain.height)))
    other = pl.Series(first["value"].to_numpy() * random.uniform(0.8, 1.2, chain.height))
    return first, first.with_columns(_times("available_at", _us(first, "available_at") + REVISION_US), value=other)


def _dated(events: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A third of the events tell the day only, and are known when it is over."""
    dated, happened, known = (
        random.random(events.height) < 1 / 3,
        _us(events, "event_time"),
        _us(events, "available_at"),
    )
    day = happened - happened % DAY_US
    return events.with_columns(
        _times("event_time", np.where(dated, day, happened)),
        _times("available_at", np.where(dated, np.maximum(day + DAY_US, known), known)),
        precision=pl.Series(np.where(dated, "day", "second")),
    )


def _linked_late(links: pl.DataFrame, events: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Links are known with their event, a third of them twelve hours later."""
    times = events.select("event_id", "event_time", "available_at")
    joined = links.drop("event_time", "available_at").join(times, on="event_id", maintain_order="left")
    late = np.where(random.random(joined.height) < 1 / 3, LATE_LINK_US, 0)
    return joined.with_columns(_times("available_at", _us(joined, "available_at") + late)).select(links.columns)


def _counted(posts: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """A third of the posts say that their likes were counted by the time they became known."""
    stated = pl.lit('{"collected_at": ') + pl.col("available_at").to_physical().cast(pl.String) + "}"
    return posts.with_columns(payload=pl.when(pl.Series(random.random(posts.height) < 1 / 3)).then(stated))


def _prices(bars: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Mark and index candles beside the traded ones."""
    parts = []
    for kind in ("index", "mark"):
        factor = pl.Series(1 + random.normal(0, 3e-4, bars.height))
        moved = [(pl.col(name) * factor).alias(name) for name in ("open", "high", "low", "close")]
        parts.append(bars.with_columns(*moved, kind=pl.lit(kind)))
    return pl.concat(parts).select(name for name in TABLES["prices"].names if name != "ingested_at")


def _figures(bars: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Ratios and bases at each close, known a minute later."""
    closed = _us(bars, "available_at")
    parts = [
        _rows(
            "derivatives",
            bars,
            (closed, closed + 60 * SECOND_US),
            metric=pl.lit(metric),
            value=pl.Series(random.lognormal(0, 0.2, bars.height)),
        )
        for metric in FIGURES
    ]
    return pl.concat(parts)


def _feed(bars: pl.DataFrame, random: np.random.Generator) -> tuple[pl.DataFrame, Ints]:
    """Bars of the feed's days, each repeated, and instants within them, evenly spread, in order."""
    own = bars.filter(_fed())
    rows = np.repeat(np.arange(own.height), FEED_PER_BAR)
    step = _us(own, "available_at")[:1] - _us(own, "event_time")[:1] if own.height else 1
    place = np.arange(FEED_PER_BAR) + random.random((own.height, FEED_PER_BAR))
    inside = (place * step / FEED_PER_BAR).astype(np.int64).ravel()
    own = own[rows]
    return own, _us(own, "event_time") + inside


def _trades(bars: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Single trades, known a second after they were made."""
    own, made = _feed(bars, random)
    share = pl.Series(random.dirichlet(np.full(FEED_PER_BAR, 0.7), own.height // FEED_PER_BAR).ravel() + 1e-6)
    return _rows(
        "trades",
        own,
        (made, made + SECOND_US),
        kind=pl.lit("trade"),
        trade_id=pl.Series(np.arange(own.height)).cast(pl.String),
        price=_between_extremes(own, random),
        quantity=pl.col("volume") * share,
        buyer_is_maker=pl.Series(random.random(own.height) < 0.5),
    )


def _quotes(bars: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Best bid and ask, received some tenths of a second after they were so."""
    own, made = _feed(bars, random)
    received = made + random.integers(50_000, 400_000, own.height)
    middle, half = _between_extremes(own, random), pl.Series(random.uniform(1e-5, 2e-4, own.height))
    sizes = [pl.Series(random.lognormal(0, 1, own.height)) for _ in range(2)]
    return _rows(
        "orderbook_l2",
        own,
        (made, received),
        kind=pl.lit("quote"),
        sequence=pl.Series(10**6 + np.arange(own.height)),
        bid_price=pl.concat_list(middle * (1 - half)),
        bid_qty=pl.concat_list(pl.lit(sizes[0])),
        ask_price=pl.concat_list(middle * (1 + half)),
        ask_qty=pl.concat_list(pl.lit(sizes[1])),
        timeframe=pl.lit(None),
        received_at=_times("received_at", received),
        precision=pl.lit("second"),
    )


def _fed() -> pl.Expr:
    """Rows of the first symbol on the feed's days."""
    day = (pl.col("event_time") - pl.col("event_time").min()).dt.total_days()
    return (pl.col("symbol") == SYMBOLS[0]) & day.is_between(*FEED_DAYS)


def _between_extremes(bars: pl.DataFrame, random: np.random.Generator) -> pl.Expr:
    return pl.col("low") + (pl.col("high") - pl.col("low")) * pl.Series(random.random(bars.height))


def _without_takers(bars: pl.DataFrame) -> pl.DataFrame:
    """The first symbol's bars on the feed's days, with their taker volumes unknown."""
    unknown = [pl.when(~_fed()).then(name).alias(name) for name in ("taker_buy_volume", "taker_buy_quote_volume")]
    return bars.with_columns(unknown)


def _rows(table: str, bars: pl.DataFrame, times: tuple[Ints, Ints], **columns: pl.Expr | pl.Series) -> pl.DataFrame:
    """Rows of ``table`` beside ``bars``, with these times and columns; what is left out is unknown."""
    declared = TABLES[table]
    made = bars.with_columns(_times("event_time", times[0]), _times("available_at", times[1]), **columns)
    known = set(made.columns) & {
        "venue",
        "symbol",
        "source",
        "is_synthetic",
        "is_derived",
        "event_time",
        "available_at",
    }
    return made.select(
        (pl.col(name) if name in columns or name in known else pl.lit(None)).cast(declared.dtypes[name]).alias(name)
        for name in declared.names
        if name != "ingested_at"
    )
