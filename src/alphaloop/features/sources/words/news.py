"""What is said of one symbol: its events in the order they became known, as arrays.

An event counts for a symbol once both the event and the link that names the symbol (or its
base coin) are available; the later of the two is when it is `known`. A link that comes more
than :data:`LATE_LINK_US` apart from its event is passed over: it would need a longer memory
than a live feed keeps. Event time is used nowhere: events of a day are known at its end.
"""

from typing import NamedTuple

import numpy as np
import polars as pl

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.family import compiled
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.sources.words.texts import LIMIT, clean, polarity, word_sets

WINDOW_US = 24 * HOUR_US
NOVEL_US = 3 * DAY_US  # words not heard for so long are new again
LATE_LINK_US = 3 * DAY_US
MEMORY_US = WINDOW_US + NOVEL_US + LATE_LINK_US
TABLES = ("events", "event_links")

NO_TIER = 0.6  # weight of a publisher nobody has graded: the middle of five tiers
NO_CONFIDENCE = 0.5
LONGEST_PAYLOAD = 20_000  # bytes; longer JSON is not searched for a publisher
NOVEL_CHARACTERS = 300  # of a text that novelty is judged by: the headline and how the story begins
_WORD_BITS = 18


class News(NamedTuple):
    """Events of one symbol, by `known`, then event time, then id. m events, M events of anyone.

    ``tier`` (6 - tier) / 5, ``confidence`` 0 to 1 and ``polarity`` -1 to 1 are NaN where not
    stated; ``weight`` is tier times confidence with :data:`NO_TIER` and :data:`NO_CONFIDENCE`
    in their place; ``publisher`` numbers those who said it; ``heard`` (M,) says when any event
    of anybody became available.
    """

    known: Ints
    weight: Floats
    tier: Floats
    confidence: Floats
    polarity: Floats
    publisher: Ints
    texts: pl.Series
    heard: Ints


def gather(facts: SymbolFacts) -> News:
    """The symbol's events among ``facts.tables``; empty where there are none."""
    events, links = (facts.tables.get(name) for name in TABLES)
    nothing: Ints = np.empty(0, dtype=np.int64)
    if events is None or events.is_empty():
        return _news(pl.DataFrame(schema=_WANTED), nothing)
    heard = np.sort(events["available_at"].to_physical().to_numpy())
    if links is None or links.is_empty():
        return _news(pl.DataFrame(schema=_WANTED), heard)
    named = links.lazy().filter(pl.col("symbol").is_in(names_of(facts.symbol)))
    said = events.lazy().join(named.select("event_id", linked_at="available_at"), on="event_id")
    apart = (pl.col("available_at") - pl.col("linked_at")).dt.total_microseconds().abs()
    said = said.filter(apart < LATE_LINK_US).with_columns(known=pl.max_horizontal("available_at", "linked_at"))
    said = said.sort("known", "event_time", "event_id").unique("event_id", keep="first", maintain_order=True)
    return _news(said.select(_publisher().alias("publisher"), *list(_WANTED)[1:]).collect(), heard)


_WANTED = {
    "publisher": pl.String(),
    "known": pl.Datetime("us", "UTC"),
    "title": pl.String(),
    "text": pl.String(),
    "source_tier": pl.Int64(),
    "confidence": pl.Float64(),
}


def _publisher() -> pl.Expr:
    """Who said it: the host of the address, else the publisher in the payload, else the source."""
    host = pl.col("url").str.head(500).str.to_lowercase().str.extract(r"^[a-z]+://(?:www\.)?([^/:?#\s]+)")
    short = pl.when(pl.col("payload").str.len_bytes() <= LONGEST_PAYLOAD).then("payload")
    named = short.str.extract(r'"publisher"\s*:\s*"([^"]{1,200})"').str.to_lowercase()
    return pl.coalesce(host, named, "source").fill_null("")


def _news(said: pl.DataFrame, heard: Ints) -> News:
    title, text = (pl.col(name).str.head(LIMIT).fill_null("") for name in ("title", "text"))
    texts = clean(said.select(pl.concat_str(title, text, separator=" "))["title"])
    tier = (6.0 - said["source_tier"].clip(1, 5).cast(pl.Float64)) / 5.0
    confidence = said["confidence"].clip(0.0, 1.0)
    return News(
        said["known"].to_physical().to_numpy(),
        (tier.fill_null(NO_TIER) * confidence.fill_null(NO_CONFIDENCE)).to_numpy(),
        tier.fill_null(np.nan).to_numpy(),
        confidence.fill_null(np.nan).to_numpy(),
        polarity(texts),
        said["publisher"].rank("dense").to_numpy().astype(np.int64) - 1,
        texts,
        heard,
    )


def novelty(news: News) -> Floats:
    """Share of each event's words and pairs of words not heard of the symbol before, shape (m,).

        novelty = |{w in text : last heard more than 3 days ago, or never}| / |{w in text}|

    Words of its first 300 characters, by their 18-bit hashes. A copy of recent news has 0, the
    first word of a thing 1; a text without words is NaN. Linear in the words, with a memory of
    one time per hash.
    """
    last, made, done = np.full(2**_WORD_BITS, _NEVER, dtype=np.int64), np.empty(len(news.known)), 0
    for bounds, hashes in word_sets(news.texts.str.head(NOVEL_CHARACTERS), _WORD_BITS):
        stop = done + len(bounds) - 1
        _unheard(bounds, hashes, news.known[done:stop], last, made[done:stop])
        done = stop
    return made


_NEVER = np.iinfo(np.int64).min // 2  # far enough, and any time minus it still fits


@compiled
def _unheard(bounds: Ints, hashes: Ints, known: Ints, last: Ints, out: Floats) -> None:
    for k in range(len(known)):
        unheard, words = 0, bounds[k + 1] - bounds[k]
        for place in range(bounds[k], bounds[k + 1]):
            word = hashes[place]
            if known[k] - last[word] >= NOVEL_US:
                unheard += 1
            last[word] = known[k]
        out[k] = unheard / words if words > 0 else np.nan
