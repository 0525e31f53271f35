"""A live symbol: what one push of a closed 5m bar costs with every feature of the full matrix.

    python benchmarks/bench_online.py [--pushes 2000] [--symbols 10] [--burst 20] [--profile]

Forty days of the simulated market stand behind; the rows that a busy symbol gets beside its
bars arrive with each push: 1m bars, spot and index candles, 60 trades and 60 rows of the
book, open interest, six ratios, funding, a figure of the chain a day, 48 news and 1,440
posts a day, a market vector. Times are of push and observe together, by the wall clock and
of the CPU; of the CPU for each part. The last rows are compared with the batch first, to the bit.
Then many symbols in one push, each with such a world of its own and the news of all in one
table: CPU per symbol and bar. Last, news that comes all at once.
"""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np
import polars as pl

from _rounds import keep
from alphaloop.core.account import Account
from alphaloop.core.market import Bars
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.features.contract import Schema, full
from alphaloop.features.family import RETURN
from alphaloop.features.online import Live, OnlineView
from alphaloop.features.sources.derivatives import METRICS
from alphaloop.features.sources.encoder.pca import encode_bars, fit_encoder
from alphaloop.features.sources.words.posts import bucket_posts
from alphaloop.features.symbol import Own, between, columns, declared, gather, ordered
from alphaloop.lake.schema import TABLES
from alphaloop.lake.sources.simulated import SimulatedMarket, simulate
from alphaloop.lake.sources.simulated.effects import Sampling

SYMBOL, FIVE = "BTCUSDT", Timeframe.parse("5m")
DAYS, BUSY_DAYS = 40, 9  # of history; of feeds that nobody remembers longer
BUSY = Sampling(book_every=1, interest_every=1, posts_per_day=1440.0, news_per_day=48.0)
PER_BAR = 60  # trades, and rows of the book


def world() -> dict[str, pl.DataFrame]:
    """Tables as the lake reads them."""
    frames = simulate(SimulatedMarket(symbols=(SYMBOL,), days=DAYS, sampling=BUSY, venue="binance"))
    bars = frames["market_bars"]
    encoder = fit_encoder(bars, until=int(bars["available_at"].to_physical()[2000]))
    recent = bars.tail(BUSY_DAYS * 288)
    spot, index = bars.with_columns(venue=pl.lit("binance-spot")), bars.with_columns(kind=pl.lit("index"))
    frames |= {
        "market_bars": pl.concat([bars, spot, minutes(bars)]),
        "prices": index.select(name for name in TABLES["prices"].names if name in index.columns),
        "derivatives": pl.concat(
            bars.select(
                "venue", "symbol", "event_time", "available_at", "source", "is_synthetic", "is_derived",
                metric=pl.lit(metric), value=pl.col("close") / pl.col("open"),
            )
            for metric in METRICS
        ),
        "trades": trades(recent),
        "orderbook_l2": books(recent),
        "social_text_latent": bucket_posts(frames.pop("social_posts")),
        "market_latent": encode_bars(encoder, bars),
    }  # fmt: skip
    return {name: declared(frame, name) for name, frame in frames.items()}


def minutes(bars: pl.DataFrame) -> pl.DataFrame:
    """Five bars of a minute, alike, in place of each bar."""
    part = bars.with_columns(pl.col("volume") / 5, minute=pl.lit([0, 1, 2, 3, 4])).explode("minute")
    begun = part["event_time"] + pl.Series(part["minute"].to_numpy() * MINUTE_US).cast(pl.Duration("us"))
    return part.drop("minute").with_columns(
        timeframe=pl.lit("1m"), event_time=begun, available_at=begun + pl.duration(minutes=1)
    )


def fed(bars: pl.DataFrame) -> pl.DataFrame:
    """Rows of a feed: PER_BAR within each bar, one every five seconds."""
    step = FIVE.us // PER_BAR
    rows = bars.select("venue", "symbol", "event_time", "close", "is_synthetic", "source", "is_derived")
    rows = rows.with_columns(place=pl.lit(list(range(PER_BAR)))).explode("place").with_row_index("row")
    shift = pl.Series(rows["place"].to_numpy().astype(np.int64) * step).cast(pl.Duration("us"))
    return rows.with_columns(event_time=pl.col("event_time") + shift, available_at=pl.col("event_time") + shift)


def trades(bars: pl.DataFrame) -> pl.DataFrame:
    """Single trades around the close."""
    rows, rng = fed(bars), np.random.default_rng(1)
    return rows.select(
        *("venue", "symbol", "event_time", "available_at", "is_synthetic", "source", "is_derived"),
        kind=pl.lit("trade"),
        trade_id=pl.col("row").cast(pl.String),
        price=pl.col("close"),
        quantity=pl.Series(rng.lognormal(0, 1, len(rows))),
        buyer_is_maker=pl.Series(rng.random(len(rows)) < 0.5),
    )


def books(bars: pl.DataFrame) -> pl.DataFrame:
    """A snapshot of ten levels a minute, and updates of three levels between."""
    rows, rng = fed(bars), np.random.default_rng(2)
    first = rows["place"].to_numpy() % 12 == 0
    close = rows["close"].to_numpy()
    sides = {}
    for side, sign in (("bid", -1), ("ask", 1)):
        ladder = [close[k] * (1 + sign * 1e-4 * np.arange(1, 11 if first[k] else 4)) for k in range(len(rows))]
        sides[f"{side}_price"] = pl.Series([one.tolist() for one in ladder], dtype=pl.List(pl.Float64))
        sides[f"{side}_qty"] = pl.Series([rng.random(len(one)).tolist() for one in ladder], dtype=pl.List(pl.Float64))
    number = pl.col("row").cast(pl.Int64)
    return rows.select(
        *("venue", "symbol", "event_time", "available_at", "is_synthetic", "source", "is_derived"),
        **sides,
        kind=pl.when(pl.col("place") % 12 == 0).then(pl.lit("snapshot")).otherwise(pl.lit("update")),
        sequence=number,
        received_at=pl.col("available_at"),
        first_update_id=number,
        final_update_id=number,
        precision=pl.lit("second"),
    )


def pushes(own: Own, first: int) -> Iterator[tuple[Bars, dict[str, pl.DataFrame]]]:
    """Each bar from ``first`` on with the rows that became available since the one before."""
    before = int(own.now[first - 1])
    for k in range(first, len(own)):
        now = int(own.now[k])
        rows = {name: between(frame, before + 1, now) for name, frame in own.tables.items()}
        yield Bars(int(own.opens[k]), now, (SYMBOL,), own.bars[:RETURN, k][None]), rows
        before = now


def named(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """The rows as if they spoke of another symbol."""
    if "symbol" in frame.columns:
        coins = {SYMBOL: symbol, SYMBOL.removesuffix("USDT"): symbol.removesuffix("USDT")}
        frame = frame.with_columns(pl.col("symbol").replace(coins))
    if "event_id" in frame.columns:
        frame = frame.with_columns(pl.col("event_id") + symbol)
    return frame


def together(own: Own, symbols: list[str], count: int) -> list[tuple[Bars, dict[str, pl.DataFrame]]]:
    """The last pushes of several symbols, their rows in one table each."""
    made = []
    for bar, rows in pushes(own, len(own) - count):
        every = {name: ordered(pl.concat(named(frame, one) for one in symbols), name) for name, frame in rows.items()}
        values = np.repeat(bar.values, len(symbols), axis=0)
        made.append((Bars(bar.ts, bar.available_at, tuple(symbols), values), every))
    return made


def burst(own: Own, bar: Bars, rows: dict[str, pl.DataFrame], count: int) -> dict[str, pl.DataFrame]:
    """The rows of a push and so many news of the symbol with them."""
    more = {}
    for table in ("events", "event_links"):
        frame = own.tables[table].filter(pl.col("symbol") != "MARKET") if table == "event_links" else own.tables[table]
        now = pl.lit(bar.available_at).cast(frame.schema["available_at"])
        news = frame.head(count).with_columns(
            event_time=now, available_at=now, event_id=pl.format("{}-{}", pl.lit(bar.ts), pl.int_range(count))
        )
        more[table] = ordered(pl.concat([rows[table], news]), table)
    return rows | more


def per_symbol(own: Own, schema: Schema, symbols: list[str], news: int = 0, count: int = 60) -> list[float]:
    """CPU seconds per symbol of each push and observation, after the first ten; with ``news``, of every tenth."""
    first = len(own) - count
    view = OnlineView(symbols, FIVE, schema, venues=dict.fromkeys(symbols, own.venue))
    for one in symbols:
        tables = {name: named(frame, one) for name, frame in own.tables.items()}
        view.warm(replace(own.until(first), symbol=one, tables=tables))
    account, spent = Account(cash=Decimal(1)).view(tuple(symbols), {}, 0.0), []
    for k, (bar, rows) in enumerate(together(own, symbols, count)):
        given = burst(own, bar, rows, news) if news and k % 10 == 0 else rows
        began = time.process_time()
        view.push(bar, given)
        view.observe(bar.available_at, account)
        spent.append((time.process_time() - began) / len(symbols))
    return spent[10::10] if news else spent[10:]


def clocked(split: dict[str, list[float]]) -> None:
    """Let every part of a push write down what it took."""

    def timed(kind: type, method: str, label):
        inner = getattr(kind, method)

        def call(self, *given):
            began = time.process_time()
            made = inner(self, *given)
            split.setdefault(label(*given), []).append(time.process_time() - began)
            return made

        setattr(kind, method, call)

    timed(OnlineView, "_take", lambda *_: "rows taken in")
    timed(Live, "_from_bars", lambda *_: "bars")
    timed(Live, "summary", lambda *_: "in words")
    timed(Live, "_from_source", lambda source, *_: source.family.name)


def main() -> int:
    """Compare, time, print JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pushes", type=int, default=2000)
    options.add_argument("--symbols", type=int, default=10, help="of the pushes with many symbols; 0 for none")
    options.add_argument("--burst", type=int, default=20, help="news that come with one bar; 0 for none")
    options.add_argument("--profile", action="store_true", help="print where the time goes instead")
    given = options.parse_args()
    schema = full()
    own = gather(world(), SYMBOL, FIVE, sources=schema.sources, venue="binance")
    first, account = len(own) - given.pushes, Account(cash=Decimal(1)).view((SYMBOL,), {}, 0.0)
    view = OnlineView((SYMBOL,), FIVE, schema, venues={SYMBOL: own.venue})
    view.warm(own.until(first))
    split: dict[str, list[float]] = {}
    profile = cProfile.Profile()
    if not given.profile:
        clocked(split)
    spent, made = [], []
    for bar, rows in pushes(own, first):
        if given.profile and spent:
            profile.enable()
        began = time.perf_counter(), time.process_time()
        view.push(bar, rows)
        seen = view.observe(bar.available_at, account)
        spent.append((time.perf_counter() - began[0], time.process_time() - began[1]))
        profile.disable()
        made.append(seen.values[0])
    if given.profile:
        pstats.Stats(profile).sort_stats("cumulative").print_stats(70)
        return 0
    batch, mask = columns(own, schema, first)
    if np.array(made).T.tobytes() != batch.tobytes():
        print("refused: the live values are not those of the batch")
        return 1
    report = figures(spent[20:], {name: times[20:] for name, times in split.items()}, mask, own)
    if given.symbols:
        many = [SYMBOL, *(f"Q{k:02d}USDT" for k in range(1, given.symbols))]
        report[f"{given.symbols} symbols, CPU per symbol and bar"] = quantiles(per_symbol(own, schema, many))
    if given.burst:
        at_once = per_symbol(own, schema, [SYMBOL], given.burst, 400)
        report[f"{given.burst} news with one bar, CPU"] = quantiles(at_once)
    keep("online", report)
    return 0


def quantiles(times: list[float]) -> dict[str, float]:
    """Milliseconds."""
    return {f"p{q}_ms": round(float(np.percentile(times, q)) * 1e3, 3) for q in (50, 99)}


def figures(
    spent: list[tuple[float, float]], split: dict[str, list[float]], mask: np.ndarray, own: Own
) -> dict[str, object]:
    """Milliseconds, after the first pushes, which may compile."""
    return {
        "pushes": len(spent),
        "features": len(mask),
        "known": round(float(mask.mean()), 3),
        "rows per push": round(
            sum(len(between(frame, int(own.now[-289]) + 1, int(own.now[-1]))) for frame in own.tables.values()) / 288, 1
        ),
        "push and observe, wall": quantiles([wall for wall, _ in spent]),
        "push and observe, CPU": quantiles([cpu for _, cpu in spent]),
        "parts, CPU": {name: quantiles(times) for name, times in split.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
