"""What is said of one symbol: its events in the order they became known, as arrays.

An event counts for a symbol once both the event and the link that names the symbol (or its
base coin) are available; the later of the two is when it is `known`. A link that comes more
than :data:`LATE_LINK_US` apart from its event is passed over: it would need a longer memory
than a live feed keeps. Event time is used nowhere: events of a day are known at its end.
"""

import re
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphaloop.core.market import Floats, Ints
from alphaloop.core.time import DAY_US, HOUR_US
from alphaloop.features.facts import SymbolFacts
from alphaloop.features.family import compiled
from alphaloop.features.sources.rows import Reader, Rows, Whose, floats, instants, told
from alphaloop.features.sources.symbols import names_of
from alphaloop.features.sources.words import few
from alphaloop.features.sources.words.numbers import numbers_of
from alphaloop.features.sources.words.texts import LIMIT, cleaned, polarity, select, word_sets

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
_NAMED = "named"  # a column that says which events the symbol's links name, where that is known beforehand
_NEVER = np.iinfo(np.int64).max


class News(NamedTuple):
    """Events of one symbol, by `known`, then event time. m events, M events of anyone.

    ``said`` holds :data:`TOLD` of each: ``tier`` (6 - tier) / 5, ``confidence`` 0 to 1 and
    ``polarity`` -1 to 1, NaN where not stated; ``weight`` is tier times confidence with
    :data:`NO_TIER` and :data:`NO_CONFIDENCE` in their place. ``publisher`` tells those who said
    it apart; the hashes of event k's words are ``words[begin[k] : stop[k]]``; ``heard`` (M,)
    says when any event of anybody became available.
    """

    known: Ints
    said: Floats
    publisher: Ints
    begin: Ints
    stop: Ints
    words: Ints
    heard: Ints


WEIGHT, TIER, CONFIDENCE, POLARITY = range(4)
TOLD = 4


def gather(facts: SymbolFacts) -> News:
    """The symbol's events among ``facts.tables``; empty where there are none."""
    links = facts.read("event_links", READERS["event_links"])
    events = _quietly(facts).read("events", READERS["events"])
    order = np.lexsort((links.available, links["id"]))
    known = _named(events["id"], events.available, links["id"][order], links.available[order])
    mine = np.flatnonzero(known != _NEVER)
    mine = mine[np.lexsort((events.event[mine], known[mine]))]
    _, firsts = np.unique(events["id"][mine], return_index=True)  # of two tellings the one known first
    mine = mine[np.sort(firsts)]
    said, publisher, begin, stop = (events[name][mine] for name in ("said", "publisher", "words.begin", "words.stop"))
    return News(known[mine], said, publisher, begin, stop, events.values["words"], events.available)


def _quietly(facts: SymbolFacts) -> SymbolFacts:
    """The same, where all events are read at once: then none of the texts that are not the symbol's."""
    events, links = (facts.tables.get(name) for name in TABLES)
    if not isinstance(events, pl.DataFrame) or not isinstance(links, pl.DataFrame):
        return facts
    named = links.filter(pl.col("symbol").is_in(names_of(facts.symbol)))["event_id"]
    quiet = events.with_columns(pl.col("event_id").is_in(named.implode()).alias(_NAMED))
    return replace(facts, tables={"events": quiet})


@compiled
def _named(ids: Ints, available: Ints, named: Ints, linked: Ints) -> Ints:
    """When each event and a link to it were both known, (m,); links by id, then ``linked``."""
    known = np.full(len(ids), _NEVER)
    for k in range(len(ids)):
        place = np.searchsorted(named, ids[k])
        while place < len(named) and named[place] == ids[k]:
            if abs(available[k] - linked[place]) < LATE_LINK_US:
                known[k] = max(available[k], linked[place])
                break  # links come in order: the first is the soonest
            place += 1
    return known


def _read_links(frame: pl.DataFrame, whose: Whose) -> Rows:
    names = names_of(whose.symbol)
    kept = told(frame["symbol"], names.__contains__).astype(np.bool_)
    when = {"available": instants(frame, "available_at"), "event": instants(frame, "event_time")}
    return Rows({**when, "id": numbers_of(frame["event_id"])}).where(kept)


def _read_events(frame: pl.DataFrame, _whose: Whose) -> Rows:
    """Numbers of each event, whoever it is about: a link may say so later."""
    named = frame[_NAMED].to_numpy() if _NAMED in frame.columns else np.ones(len(frame), dtype=np.bool_)
    told_of = frame if named.all() else frame.filter(pl.Series(named))
    read = _few(told_of) if len(told_of) <= few.MOST else None
    read = read or _many(told_of)
    count = len(frame)
    said, publisher = np.full((count, TOLD), np.nan), np.zeros(count, dtype=np.int64)
    begin, stop = np.zeros((2, count), dtype=np.int64)
    said[named], publisher[named] = _numbers(told_of, read.polarity), read.publisher
    begin[named], stop[named] = read.bounds[:-1], read.bounds[1:]
    columns = {
        "available": instants(frame, "available_at"),
        "event": instants(frame, "event_time"),
        "id": numbers_of(frame["event_id"]),
        "said": said,
        "publisher": publisher,
        "words.begin": begin,
        "words.stop": stop,
    }
    return Rows(columns, {"words": read.words})


class _Read(NamedTuple):
    """What n texts say; the hashes of text k's words are ``words[bounds[k] : bounds[k + 1]]``."""

    publisher: Ints
    polarity: Floats
    bounds: Ints
    words: Ints


def _many(frame: pl.DataFrame) -> _Read:
    made = select(frame, (_publisher().alias("publisher"), _text().alias("text")))
    words = _words(made["text"].str.head(NOVEL_CHARACTERS))
    return _Read(numbers_of(made["publisher"]), polarity(made["text"]), *words)


def _few(frame: pl.DataFrame) -> _Read | None:
    """The same of a handful of events; None where one of them is not for Python to read."""
    wanted = ("title", "text", "url", "payload", "source")
    titles, texts, urls, payloads, sources = (frame[name].to_list() for name in wanted)
    cleaned = [
        few.cleaned(f"{(title or '')[:LIMIT]} {(text or '')[:LIMIT]}", LIMIT)
        for title, text in zip(titles, texts, strict=True)
    ]
    said_by = [_said_by(*one) for one in zip(urls, payloads, sources, strict=True)]
    read, named = [one for one in cleaned if one is not None], [one for one in said_by if one is not None]
    if len(read) < len(frame) or len(named) < len(frame):
        return None
    words = few.word_sets([text[:NOVEL_CHARACTERS] for text in read], _WORD_BITS)
    return _Read(numbers_of(pl.Series(named, dtype=pl.String)), polarity(pl.Series(read, dtype=pl.String)), *words)


def _numbers(frame: pl.DataFrame, leaning: Floats) -> Floats:
    tier = (6.0 - np.minimum(np.maximum(floats(frame, "source_tier"), 1.0), 5.0)) * 0.2
    confidence = np.minimum(np.maximum(floats(frame, "confidence"), 0.0), 1.0)
    weight = np.where(np.isnan(tier), NO_TIER, tier) * np.where(np.isnan(confidence), NO_CONFIDENCE, confidence)
    return np.stack([weight, tier, confidence, leaning], axis=1)


READERS = {"events": Reader(_read_events), "event_links": Reader(_read_links)}


_HOST = r"^[a-z]+://(?:www\.)?([^/:?#\s]+)"
_PAYLOAD = r'"publisher"\s*:\s*"([^"]{1,200})"'
_ADDRESS = 500  # characters of an address that are read


def _publisher() -> pl.Expr:
    """Who said it: the host of the address, else the publisher in the payload, else the source."""
    host = pl.col("url").str.head(_ADDRESS).str.to_lowercase().str.extract(_HOST)
    short = pl.when(pl.col("payload").str.len_bytes() <= LONGEST_PAYLOAD).then("payload")
    return pl.coalesce(host, short.str.extract(_PAYLOAD).str.to_lowercase(), "source").fill_null("")


def _said_by(url: str | None, payload: str | None, source: str | None) -> str | None:
    """The same of one event; None where that takes more than ASCII."""
    if url is not None and not url.isascii():
        return None
    host = re.match(_HOST, url[:_ADDRESS].lower(), re.ASCII) if url else None
    if host:
        return host[1]
    if payload and '"publisher"' in payload and len(payload) <= LONGEST_PAYLOAD:
        if not payload.isascii():
            return None
        named = re.search(_PAYLOAD, payload, re.ASCII)
        if named:
            return named[1].lower()
    return source or ""


def _text() -> pl.Expr:
    """Headline and text, cleaned."""
    title, text = (pl.col(name).str.head(LIMIT).fill_null("") for name in ("title", "text"))
    return cleaned(pl.concat_str(title, text, separator=" "))


def _words(texts: pl.Series) -> tuple[Ints, Ints]:
    """Where each text's words begin, the end of the last, and the hashes of all."""
    bounds, hashes, done = [np.zeros(1, dtype=np.int64)], [np.empty(0, dtype=np.int64)], 0
    for ends, words in word_sets(texts, _WORD_BITS):
        bounds.append(ends[1:] + done)
        hashes.append(words)
        done += len(words)
    return np.concatenate(bounds), np.concatenate(hashes)


def novelty(news: News) -> Floats:
    """Share of each event's words and pairs of words not heard of the symbol before, shape (m,).

        novelty = |{w in text : last heard more than 3 days ago, or never}| / |{w in text}|

    Words of its first 300 characters, by their 18-bit hashes. A copy of recent news has 0, the
    first word of a thing 1; a text without words is NaN. Linear in the words, with a memory of
    one time per hash.
    """
    made = np.empty(len(news.known))
    heard = int((news.stop - news.begin).sum())
    _unheard(news, _table(heard), made)
    return made


def _table(words: int) -> NDArray[np.int32]:
    """Room for so many words to be looked up in, (2, places): of each place the word, and what is said of it."""
    places = 64
    while places < 2 * words and places < 2**_WORD_BITS:
        places *= 2
    return np.zeros((2, places), dtype=np.int32)


@compiled
def _unheard(news: News, table: NDArray[np.int32], out: Floats) -> None:
    """``table`` is empty: it will say which event a word was last heard in, counted from 1; 0 for none."""
    keys, last, beyond = table[0], table[1], table.shape[1] - 1
    for k in range(len(news.known)):
        unheard, words = 0, news.stop[k] - news.begin[k]
        for place in range(news.begin[k], news.stop[k]):
            word = news.words[place]
            slot = word & beyond
            while last[slot] != 0 and keys[slot] != word:
                slot = (slot + 1) & beyond
            unheard += last[slot] == 0 or news.known[k] - news.known[last[slot] - 1] >= NOVEL_US
            keys[slot], last[slot] = word, k + 1
        out[k] = unheard / words if words > 0 else np.nan
