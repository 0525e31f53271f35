"""Words: events with links and entities, and social posts. Each is known after it happened.

An event's direction stands in its title and payload. A post speaks of the bar *before* the
one it was written in, so it never tells a return that has not been made yet.
"""

from typing import Any

import numpy as np
import polars as pl

from alphaloop.core.market import Ints
from alphaloop.core.time import DAY_US, SECOND_US
from alphaloop.lake.sources.simulated.config import SimulatedMarket
from alphaloop.lake.sources.simulated.frames import to_frame
from alphaloop.lake.sources.simulated.latent import draw

WORDS, POSTS = 30, 31
TYPES = ("funding", "product", "mna", "regulatory", "market")
GOOD = (
    "closes a funding round",
    "ships a major upgrade",
    "is acquired at a premium",
    "wins approval",
    "sees large inflows",
)
BAD = (
    "loses a main backer",
    "delays an upgrade",
    "calls off a merger",
    "is under investigation",
    "sees large outflows",
)
PRAISE = ("looking strong here", "holders are smiling", "added more", "nice move up")
GRUMBLE = ("this is bleeding", "taking the loss", "sellers everywhere", "ugly candle")


def news_tables(market: SimulatedMarket) -> dict[str, pl.DataFrame]:
    """The tables ``events``, ``event_links`` and ``entities``."""
    news, random = draw(market).news, market.random(WORDS)
    kind = random.integers(0, len(TYPES), len(news.asset))
    tier = random.integers(1, 6, len(news.asset))
    times = {"event_time": news.event_time, "available_at": news.available_at}
    ids = _identities(market, "event", news.asset, news.event_time)
    title = _pick(_names(market), news.asset) + " " + _pick((*BAD, *GOOD), kind + len(BAD) * (news.direction > 0))
    details = pl.select(
        '{"direction": ' + pl.Series(news.direction).cast(pl.String) + ', "simulated": true}'
    ).to_series()
    events: dict[str, Any] = {
        "event_id": ids,
        "event_type": _pick(TYPES, kind),
        "title": title,
        "text": title + ". Simulated news.",
        "source_tier": tier,
        "confidence": 1.0 - 0.1 * tier,
        "payload": details,
        "precision": _pick(("second",), np.zeros_like(kind)),
    }
    links = {"asset": news.asset, "event_id": ids, "entity_id": _pick(_entity_ids(market), news.asset)}
    everyone = np.arange(len(market.symbols))
    always = np.zeros(len(everyone), dtype=np.int64)
    entities = {"entity_id": _entity_ids(market), "name": _names(market), "kind": ["coin"] * len(everyone)}
    return {
        "events": to_frame("events", market, events | times).sort("event_time", "event_id"),
        "event_links": to_frame("event_links", market, links | times),
        "entities": to_frame("entities", market, {**entities, "event_time": always, "available_at": always}),
    }


def social_posts(market: SimulatedMarket) -> pl.DataFrame:
    """The table ``social_posts``: more of them, and in its mood, after a bar that moved."""
    hidden, random = draw(market), market.random(POSTS)
    seen = np.vstack([np.zeros(len(market.symbols)), hidden.shock[:-1]])
    rate = market.sampling.posts_per_day * market.interval.us / DAY_US
    counts = random.poisson(rate * np.minimum(0.5 + 0.63 * np.abs(seen), 4.0)).T
    asset, bar = (np.repeat(rows.ravel(), counts.ravel()) for rows in np.indices(counts.shape))
    size = len(asset)
    written = market.ts[bar] + random.integers(0, market.interval.us // 1000, size) * 1000
    written = np.concatenate([np.sort(part) for part in np.split(written, np.cumsum(counts.sum(axis=1))[:-1])])
    delay = SECOND_US + 1000 * np.rint(random.exponential(20_000.0, size)).astype(np.int64)
    happy = seen[bar, asset] + random.standard_normal(size) > 0
    phrase = random.integers(0, len(PRAISE), size) + len(GRUMBLE) * happy
    author, likes = random.integers(0, 5000, size), random.geometric(0.2, size) - 1
    ids = _identities(market, "post", asset, written)
    return to_frame(
        "social_posts",
        market,
        {
            "asset": asset,
            "event_time": written,
            "available_at": written + delay,
            "platform": _pick(("simulated",), np.zeros_like(asset)),
            "post_id": ids,
            "author": "user" + pl.Series(author).cast(pl.String),
            "text": _pick(_names(market), asset) + " " + _pick((*GRUMBLE, *PRAISE), phrase),
            "lang": _pick(("en",), np.zeros_like(asset)),
            **_thread(asset, ids, random),
            "likes": likes,
            "reposts": likes // 5,
            "replies": likes // 3,
            "author_followers": np.rint(10.0 ** (4 * author / 5000)),
        },
    )


def _thread(asset: Ints, ids: pl.Series, random: np.random.Generator) -> dict[str, pl.Series]:
    """Three in ten are comments on the symbol's last post; a symbol's first is a post."""
    size = len(asset)
    first = np.ones(size, dtype=bool)
    first[1:] = asset[1:] != asset[:-1]
    comment = (random.random(size) < 0.3) & ~first
    last_post = np.maximum.accumulate(np.where(comment, 0, np.arange(size))) if size else np.arange(0)
    kind = _pick(("post", "comment"), comment.astype(np.int64))
    return {"kind": kind, "parent_id": pl.select(pl.when(pl.Series(comment)).then(ids.gather(last_post))).to_series()}


def _names(market: SimulatedMarket) -> tuple[str, ...]:
    return tuple(symbol.removesuffix("USDT").capitalize() for symbol in market.symbols)


def _entity_ids(market: SimulatedMarket) -> tuple[str, ...]:
    return tuple(f"sim:{symbol}" for symbol in market.symbols)


def _pick(choices: tuple[str, ...], index: Ints) -> pl.Series:
    return pl.Series(choices, dtype=pl.String).gather(index)


def _identities(market: SimulatedMarket, what: str, asset: Ints, times: Ints) -> pl.Series:
    """``sim-event-SIMAUSDT-1735689600123-0``: symbol, milliseconds, row; markets of other seeds do not collide."""
    stamp = pl.Series(times // 1000).cast(pl.String) + "-" + pl.Series(np.arange(len(times))).cast(pl.String)
    return f"sim-{what}-" + _pick(market.symbols, asset) + "-" + stamp
