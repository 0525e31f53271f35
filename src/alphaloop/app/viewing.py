"""Views that features read beside the facts: buckets of posts, and vectors of the market.

Both are tables of their own, made from lake tables by pure functions and brought up to date
before the matrix is. The market encoder is fitted once, on the bars known by the end of its
training window, and kept; a later build uses the same one, so old vectors stay.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl

from alphaloop.core.errors import NoData
from alphaloop.core.time import Timeframe
from alphaloop.features.sources.encoder.artifact import load_encoder, save_encoder
from alphaloop.features.sources.encoder.pca import MarketEncoder, encode_bars, fit_encoder
from alphaloop.features.sources.words.posts import FIVE_MINUTES, bucket_posts
from alphaloop.features.symbol import BARS, names_in
from alphaloop.lake.table import Lake

SOCIAL, LATENT = "social_text_latent", "market_latent"
_READ = ("venue", "symbol", "timeframe", "event_time", "available_at", "high", "low", "close", "volume")
TRAINING = 0.25  # of the bars, where the end of the encoder's training window is not given


def latent_views(
    lake: Lake, folder: Path, symbols: tuple[str, ...], timeframe: Timeframe, *, until: int | None, now: int
) -> dict[str, dict[str, Any]]:
    """Bring ``social_text_latent`` and ``market_latent`` up to date; what was done, by table.

    Posts or bars too few to make anything from are no error: the report says so.
    """
    with ThreadPoolExecutor(1) as beside:  # neither reads what the other makes
        social = beside.submit(_social, lake, symbols, now)
        market = _market(lake, folder / "encoders" / str(timeframe), symbols, timeframe, until, now)
        return {SOCIAL: social.result(), LATENT: market}


def _social(lake: Lake, symbols: tuple[str, ...], now: int) -> dict[str, Any]:
    """Buckets of the posts that came into the lake since the newest bucket did."""
    names = tuple(dict.fromkeys(name for symbol in symbols for name in names_in(symbol)))
    posts = lake.scan("social_posts", symbols=names)
    made = lake.scan(SOCIAL, symbols=names).filter(pl.col("timeframe") == str(FIVE_MINUTES))
    since = made.select(pl.col("ingested_at").max()).collect().item()
    if since is not None:
        fresh = posts.filter(pl.col("ingested_at") >= since).select(pl.col("available_at").min()).collect().item()
        if fresh is None:
            return {"written": 0}
        whole = fresh.timestamp() * 1e6 // FIVE_MINUTES.us * FIVE_MINUTES.us  # a bucket is made anew as a whole
        posts = posts.filter(pl.col("available_at").to_physical() > int(whole) - FIVE_MINUTES.us)
    rows = posts.collect()
    if rows.is_empty():
        return {"written": 0, "why": "no posts"}
    return {"written": lake.upsert(SOCIAL, bucket_posts(rows), ingested_at=now).written}


def _market(
    lake: Lake, folder: Path, symbols: tuple[str, ...], timeframe: Timeframe, until: int | None, now: int
) -> dict[str, Any]:
    """Vectors of the bars that have none yet, symbol by symbol."""
    bars = lake.scan(BARS, symbols=symbols, timeframe=str(timeframe))
    try:
        encoder = _encoder(bars, folder, until)
    except NoData as error:
        return {"written": 0, "why": error.found}
    written = 0
    for symbol in dict.fromkeys(symbols):
        done = lake.scan(LATENT, symbols=[symbol], timeframe=str(timeframe)).filter(pl.col("model") == encoder.model)
        entered = done.select(pl.col("ingested_at").max()).collect().item()
        own = bars.filter(pl.col("symbol") == symbol)
        after = None
        if entered is not None:
            first = own.filter(pl.col("ingested_at") >= entered).select(pl.col("event_time").min()).collect().item()
            if first is None:
                continue
            after = int(pl.Series([first]).to_physical().item())
            own = own.filter(pl.col("event_time").to_physical() >= after - (encoder.window + 1) * timeframe.us)
        rows = encode_bars(encoder, own.collect(), after=after)
        written += lake.upsert(LATENT, rows, ingested_at=now).written if rows.height else 0
    return {"written": written, "model": encoder.model}


def _encoder(bars: pl.LazyFrame, folder: Path, until: int | None) -> MarketEncoder:
    """The one fitted before, or for another ``until``, else a new one, kept from now on."""
    kept = [load_encoder(place) for place in sorted(folder.glob("pca*"))]
    fitting = [one for one in kept if until is None or one.until == until]
    if fitting:
        return fitting[-1]
    if until is None:
        instants = bars.select(pl.col("available_at").unique().sort().to_physical()).collect().to_series()
        if instants.is_empty():
            raise NoData("no bars", "bars to fit an encoder on", "see: alphaloop data audit")
        until = int(instants[int(len(instants) * TRAINING)])
    known = bars.filter(pl.col("available_at").to_physical() <= until)
    encoder = fit_encoder(known.select(*_READ).collect(), until=until)
    save_encoder(encoder, folder)
    return encoder
