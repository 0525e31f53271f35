"""Texts: news and posts.

    events        time, title [text, url, publisher, ts_precision]; everything else goes into ``payload``
    social_posts  time, text and an id [author, counts]

Two things in such files were made later than the text and must not be traded on: sentiment
of a model that read it afterwards (kept in ``payload``, under ``after_the_fact``) and counts
of likes, shares and followers (kept in their columns, which the schema calls "when
collected"). A text whose time is only a date is known when that day is over. Ids of news
are a hash of what was said, so the same news twice is the same row.
"""

import hashlib

import polars as pl

from alphaloop.core.time import DAY_US
from alphaloop.lake.schema import SYMBOL_OF_NONE
from alphaloop.lake.sources.columns import Sheet, plain_name
from alphaloop.lake.sources.layouts import rows

COINS = {"bitcoin": "BTC", "btc": "BTC", "ethereum": "ETH", "eth": "ETH", "solana": "SOL", "ripple": "XRP"}
AFTER_THE_FACT = ("sentiment", "votes", "score", "label")
_IN_EVENT = ("time", "title", "text", "url", "precision", "src", "event_id", "available_at")
_POST_ROLES = """
time text post_id trade_id symbol author platform parent_id lang likes reposts replies author_followers src available_at
"""
_IN_POST = tuple(_POST_ROLES.split())


def build_news(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``events``, and links to the coin that flag, column or subject names."""
    times = sheet.time("time")
    precision = sheet.text("precision") if sheet.has("precision") else _precision(sheet)
    known = rows.known_at(sheet, end_of_precision(times, precision))
    titles, texts = sheet.text("title"), sheet.text("text")
    titles = titles.zip_with(titles.is_not_null(), texts.str.slice(0, 120).alias("title"))
    said = pl.DataFrame([times.to_physical().alias("time"), titles, texts, sheet.text("url"), sheet.sources()])
    ids = sheet.text("event_id")
    ids = ids.zip_with(ids.is_not_null(), stable_ids("news", said)).alias("event_id")
    events = rows.lake_rows(
        sheet,
        event_id=ids,
        event_time=times,
        available_at=known,
        event_type="news",
        title=titles,
        text=texts,
        url=sheet.text("url"),
        payload=payload(sheet, _IN_EVENT),
        precision=precision,
    )
    return {"events": events, **_links(sheet, events)}


def build_posts(sheet: Sheet) -> dict[str, pl.DataFrame]:
    """Rows of ``social_posts``."""
    times = sheet.time("time")
    platform = sheet.text("platform").fill_null(_platform(sheet))
    has_symbol = sheet.has("symbol") or sheet.origin.flags.symbol or sheet.origin.name.symbol
    id_role = "post_id" if sheet.has("post_id") else "trade_id"
    counts = {name: sheet.integer(name) for name in ("likes", "reposts", "replies", "author_followers")}
    frame = rows.lake_rows(
        sheet,
        symbol=rows.symbols(sheet) if has_symbol else SYMBOL_OF_NONE,
        event_time=times,
        available_at=rows.known_at(sheet, times),
        platform=platform,
        post_id=sheet.text(id_role),
        author=sheet.text("author"),
        text=sheet.text("text"),
        kind="comment" if any("comment" in plain_name(name) for name in sheet.frame.columns) else "post",
        parent_id=sheet.text("parent_id"),
        lang=sheet.text("lang"),
        **counts,
        payload=payload(sheet, _IN_POST),
    )
    return {"social_posts": frame}


def stable_ids(kind: str, said: pl.DataFrame) -> pl.Series:
    """One id per row: kind and a 128-bit hash of the row's values, the same in every process.

    Examples
    --------
    >>> stable_ids("news", pl.DataFrame({"title": ["a"]}))[0]
    'news-1e9c61b806ba18d9d29ebdef93ca5dcb'
    """
    lines = said.select(pl.struct(pl.all()).struct.json_encode()).to_series()
    digests = [hashlib.blake2b(line.encode(), digest_size=16).hexdigest() for line in lines]
    return pl.Series("event_id", [f"{kind}-{digest}" for digest in digests], dtype=pl.String)


def payload(sheet: Sheet, taken: tuple[str, ...]) -> pl.Series:
    """Columns without a place of their own as JSON; what came later under ``after_the_fact``.

    Fields that are null are left out and the others sorted by name, so that the same text
    out of another file, whose rows share other columns, gives the same JSON.
    """
    used = {sheet.roles[role] for role in taken if role in sheet.roles}
    rest = sorted(name for name in sheet.frame.columns if name not in used)
    later = [name for name in rest if any(word in plain_name(name) for word in AFTER_THE_FACT)]
    fields = [_field(name) for name in rest if name not in later]
    if later:
        fields.append(pl.lit('"after_the_fact":') + _object([_field(name) for name in later]))
    if not fields:
        return pl.Series("payload", [None] * sheet.frame.height, dtype=pl.String)
    return sheet.frame.select(_object(fields).alias("payload")).to_series()


def _field(name: str) -> pl.Expr:
    """``"name":value`` as JSON; null where the value is."""
    text = pl.struct(name).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
    return pl.when(pl.col(name).is_not_null()).then(text)


def _object(fields: list[pl.Expr]) -> pl.Expr:
    """The fields in braces; null where there is none."""
    inside = pl.concat_str(fields, separator=",", ignore_nulls=True)
    return pl.when(inside != "").then(pl.lit("{") + inside + pl.lit("}"))


def end_of_precision(times: pl.Series, precision: pl.Series) -> pl.Series:
    """When a text dated to a day is surely known: at the end of it; finer ones at their time."""
    is_day = (precision == "day").fill_null(False)
    us = times.to_physical()
    return us.zip_with(~is_day, us - us % DAY_US + DAY_US).cast(times.dtype).alias("time")


def _precision(sheet: Sheet) -> pl.Series:
    """``day`` where only a date is given or the time is exactly midnight, else ``second``."""
    midnight = (sheet.time("time").to_physical() % DAY_US == 0).fill_null(False)
    return midnight.replace_strict({True: "day", False: "second"}, return_dtype=pl.String).alias("precision")


def _platform(sheet: Sheet) -> str:
    columns = {plain_name(name) for name in sheet.frame.columns}
    if columns & {"tweetid", "retweets", "retweetcount", "tweet"} or "tweet" in sheet.origin.file.lower():
        return "twitter"
    return "reddit" if columns & {"subreddit", "selftext", "numcomments"} else "unknown"


def _links(sheet: Sheet, events: pl.DataFrame) -> dict[str, pl.DataFrame]:
    symbol = _coin(sheet)
    if symbol is None:
        return {}
    links = events.select(
        symbol, "event_id", "event_time", "available_at", "source", "is_synthetic", "is_derived"
    ).filter(pl.col("symbol").is_not_null())
    links = links.unique(["event_id", "symbol"], keep="first", maintain_order=True)
    links = links.with_columns(entity_id=pl.lit("coin/") + pl.col("symbol"))
    entities = links.unique("entity_id", keep="first", maintain_order=True)
    entities = entities.drop("event_id").rename({"symbol": "name"}).with_columns(kind=pl.lit("coin"))
    return {"event_links": links, "entities": entities}


def _coin(sheet: Sheet) -> pl.Series | None:
    if sheet.origin.flags.symbol or sheet.has("symbol"):
        return rows.symbols(sheet)
    subject = next((name for name in sheet.frame.columns if plain_name(name) in ("subject", "topic", "coin")), None)
    if subject is None:
        return None
    words = sheet.frame[subject].cast(pl.String).str.to_lowercase()
    return words.replace_strict(COINS, default=None, return_dtype=pl.String).alias("symbol")
