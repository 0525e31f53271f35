"""Every table of the lake: columns, units, meaning, keys, two times and provenance.

Every row carries ``event_time`` (when it was so) and ``available_at`` (when we could have
known it), where it came from, and whether anybody simulated or derived it. Times are
microseconds UTC. Venues are lower case ("binance" is the USD-M perpetual market,
"binance-spot", "stocks", "local" if nothing is known); symbols are upper case without
separators (``BTCUSDT``). Text columns named ``payload`` or ``agg_features`` hold JSON.

The feature tables are open-ended: beside what is declared here a row has one Float64 column
per feature, null where it is not known, and one Boolean column ``m_`` plus the feature's
name, so that ``select avg(ret_1) from feature_matrix_main where m_ret_1`` says what it means.

Order books come in three kinds of row. ``snapshot``: the lists hold the whole book, best
price first. ``update``: the lists hold the levels that one message changed, with their new
absolute quantity, 0 for a level removed. ``quote``: lists of length one, the best bid and
ask. ``sequence`` orders rows that share one event time; a source without a clock says
``precision = "none"`` and its event time is then only an order.
"""

from alphaloop.core.errors import UnknownName
from alphaloop.core.time import MINUTE_US
from alphaloop.lake.columns import (
    BOOL,
    FLOAT,
    FLOATS,
    INT,
    TEXT,
    TIME,
    VECTOR,
    Column,
    TableSchema,
)

SYMBOL_OF_NONE = "MARKET"
"""The symbol of a post that names none."""

EVENT_TIME = Column("event_time", TIME, "us UTC", "when it was so; the open time of a bar")
AVAILABLE_AT = Column("available_at", TIME, "us UTC", "when it could first be known")
PROVENANCE = (
    Column("source", TEXT, "", "who said so: venue archive, repository, provider or simulator"),
    Column("is_synthetic", BOOL, "", "true for simulated rows"),
    Column("is_derived", BOOL, "", "true for rows computed from other rows"),
    Column("ingested_at", TIME, "us UTC", "when the row entered the lake"),
)
VENUE = Column("venue", TEXT, "", "where it traded, lower case")
SYMBOL = Column("symbol", TEXT, "", "upper case without separators")
TIMEFRAME = Column("timeframe", TEXT, "", "bucket length: 1m, 5m, 1h, 1d")
PRICES = tuple(
    Column(name, FLOAT, "quote per base", meaning, bound="positive")
    for name, meaning in (
        ("open", "first price"),
        ("high", "highest price"),
        ("low", "lowest price"),
        ("close", "last price"),
    )
)
MATRIX = (Column("schema_hash", TEXT, "sha256 hex", "of the feature schema that made the row"),)
LATENT = (
    Column("model", TEXT, "", "encoder that made the vector, with its version"),
    Column("latent", VECTOR, "", "the vector"),
)


def _table(name: str, meaning: str, head: tuple[Column, ...], body: tuple[Column, ...], **rest: object) -> TableSchema:
    columns = (*head, EVENT_TIME, AVAILABLE_AT, *body, *PROVENANCE)
    partition = "symbol" if SYMBOL in head else ""
    return TableSchema(name, meaning, columns, **{"partition": partition, **rest})  # type: ignore[arg-type]


def _size(name: str, unit: str, meaning: str, nullable: bool = True) -> Column:
    return Column(name, FLOAT, unit, meaning, nullable, "nonnegative")


def _count(name: str, meaning: str) -> Column:
    return Column(name, INT, "count", meaning, True, "nonnegative")


def _text(name: str, meaning: str, nullable: bool = True) -> Column:
    return Column(name, TEXT, "", meaning, nullable)


def _id(name: str, meaning: str) -> Column:
    return Column(name, INT, "", meaning, True)


_BARS = ("venue", "symbol", "timeframe", "event_time")

_MARKET = (
    _table(
        "market_bars",
        "candles; known only when they close",
        (VENUE, SYMBOL, TIMEFRAME),
        (
            *PRICES,
            _size("volume", "base", "quantity traded, both sides counted once", nullable=False),
            _size("quote_volume", "quote", "turnover"),
            _count("trades", "number of trades"),
            _size("taker_buy_volume", "base", "part of volume where the buyer was the taker"),
            _size("taker_buy_quote_volume", "quote", "part of quote_volume where the buyer was the taker"),
        ),
        key=_BARS,
        cadence="timeframe",
    ),
    _table(
        "prices",
        "candles of a price nobody trades at: mark, index; or last trades alone",
        (VENUE, SYMBOL, _text("kind", "mark, index or last", nullable=False), TIMEFRAME),
        PRICES,
        key=("venue", "symbol", "kind", "timeframe", "event_time"),
        cadence="timeframe",
    ),
    _table(
        "orderbook_l2",
        "order books: snapshots, updates and best quotes",
        (VENUE, SYMBOL, _text("kind", "snapshot, update or quote", nullable=False)),
        (
            Column("sequence", INT, "", "running number of the message in its feed"),
            Column("bid_price", FLOATS, "quote per base", "bid levels, best first"),
            Column("bid_qty", FLOATS, "base", "quantity at each bid level"),
            Column("ask_price", FLOATS, "quote per base", "ask levels, best first"),
            Column("ask_qty", FLOATS, "base", "quantity at each ask level"),
            _text("timeframe", "cadence of books sampled on a grid; null for a feed"),
            Column("received_at", TIME, "us UTC", "the receiver's clock, which may run apart", nullable=True),
            _id("first_update_id", "venue's id of the first change in the message"),
            _id("final_update_id", "venue's id of the last change in the message"),
            _id("prev_update_id", "final id of the message before"),
            _size("buy_volume", "base", "bought by takers since the row before"),
            _size("sell_volume", "base", "sold by takers since the row before"),
            _text("precision", "second, minute, day; none where the source has no clock"),
        ),
        key=("venue", "symbol", "kind", "event_time", "sequence"),
        cadence="timeframe",
    ),
    _table(
        "trades",
        "single or aggregated trades",
        (VENUE, SYMBOL, _text("kind", "trade or aggregate", nullable=False)),
        (
            _text("trade_id", "venue's id of the trade or aggregate", nullable=False),
            Column("price", FLOAT, "quote per base", "price of the trade", bound="positive"),
            Column("quantity", FLOAT, "base", "size of the trade", bound="positive"),
            Column("buyer_is_maker", BOOL, "", "true when the taker sold", nullable=True),
            _id("first_trade_id", "first trade in an aggregate"),
            _id("last_trade_id", "last trade in an aggregate"),
        ),
        key=("venue", "symbol", "kind", "event_time", "trade_id"),
    ),
    _table(
        "funding_rates",
        "funding settlements of perpetuals",
        (VENUE, SYMBOL),
        (
            Column("rate", FLOAT, "fraction of notional", "paid by longs to shorts for one interval"),
            Column("interval_hours", FLOAT, "hours", "length of the interval the rate is for", bound="positive"),
        ),
        key=("venue", "symbol", "event_time"),
        cadence="interval",
        grain_us=MINUTE_US,
    ),
    _table(
        "open_interest",
        "open contracts",
        (VENUE, SYMBOL),
        (_size("oi_base", "base", "open contracts"), _size("oi_usd", "USD", "their value")),
        key=("venue", "symbol", "event_time"),
        cadence="inferred",
    ),
    _table(
        "derivatives",
        "other figures of derivative markets: long-short ratios, basis, taker ratio",
        (VENUE, SYMBOL, _text("metric", "name of the figure", nullable=False)),
        (Column("value", FLOAT, "by metric", "the figure"),),
        key=("venue", "symbol", "metric", "event_time"),
        cadence="inferred",
    ),
    _table(
        "onchain_signals",
        "figures of the chain itself: flows, supply, addresses, fees",
        (SYMBOL, _text("metric", "name of the figure", nullable=False)),
        (Column("value", FLOAT, "by metric", "the figure"),),
        key=("symbol", "metric", "event_time"),
        cadence="inferred",
    ),
)

_WORLD = (
    _table(
        "events",
        "news, filings, funding rounds, mergers",
        (),
        (
            _text("event_id", "stable id of the event", nullable=False),
            _text("event_type", "news, funding, mna, product, regulatory, market", nullable=False),
            _text("title", "headline", nullable=False),
            _text("text", "body"),
            Column("source_tier", INT, "1 best to 5", "how far the publisher is trusted", True, "positive"),
            _size("confidence", "fraction 0-1", "how sure the extraction is"),
            _text("url", "where it stood"),
            _text("payload", "everything else the source said"),
            _text("precision", "second, minute or day: how exactly event_time is known"),
        ),
        key=("event_id",),
    ),
    _table(
        "event_links",
        "which entity and symbol an event is about",
        (SYMBOL,),
        (
            _text("event_id", "the event", nullable=False),
            _text("entity_id", "the entity", nullable=False),
        ),
        key=("event_id", "entity_id", "symbol"),
    ),
    _table(
        "entities",
        "companies, coins, people, publishers",
        (),
        (
            _text("entity_id", "stable id", nullable=False),
            _text("name", "usual name", nullable=False),
            _text("kind", "company, coin, person, publisher, regulator", nullable=False),
        ),
        key=("entity_id",),
    ),
    _table(
        "social_posts",
        f"posts and comments, one row a symbol named ({SYMBOL_OF_NONE} for none)",
        (SYMBOL,),
        (
            _text("platform", "twitter, reddit, ...", nullable=False),
            _text("post_id", "the platform's id", nullable=False),
            _text("author", "who wrote it"),
            _text("text", "what it says", nullable=False),
            _text("kind", "post or comment", nullable=False),
            _text("parent_id", "the post a comment answers"),
            _text("lang", "language code"),
            _count("likes", "approvals when collected, so later than the post"),
            _count("reposts", "shares when collected"),
            _count("replies", "answers when collected"),
            _count("author_followers", "followers of the author when collected"),
            _text("payload", "everything else the source said"),
        ),
        key=("platform", "post_id", "symbol"),
    ),
)

_DERIVED = (
    _table(
        "feature_snapshots_main",
        "hand-made features of a bar, one column each",
        (VENUE, SYMBOL, TIMEFRAME),
        MATRIX,
        key=(*_BARS, "schema_hash"),
        open_ended=True,
        cadence="timeframe",
    ),
    _table(
        "social_text_latent",
        "pooled text vectors and counts of one bucket",
        (SYMBOL, TIMEFRAME),
        (
            *LATENT,
            _count("posts", "posts in the bucket"),
            _count("comments", "comments in the bucket"),
            _text("agg_features", "statistics of the bucket"),
        ),
        key=("symbol", "timeframe", "event_time", "model"),
        cadence="timeframe",
    ),
    _table(
        "market_latent",
        "vectors of the market's recent past",
        (VENUE, SYMBOL, TIMEFRAME),
        LATENT,
        key=(*_BARS, "model"),
        cadence="timeframe",
    ),
    _table(
        "feature_matrix_main",
        "all feature views merged, one column each: what training reads",
        (VENUE, SYMBOL, TIMEFRAME),
        MATRIX,
        key=(*_BARS, "schema_hash"),
        open_ended=True,
        cadence="timeframe",
    ),
)

QUARANTINE = TableSchema(
    "quarantine",
    "rows that were refused, with the reason and the row as it came",
    (
        _text("table_name", "the table that refused it", nullable=False),
        _text("reason", "why", nullable=False),
        _text("row", "the row as JSON, without ingested_at; NaN and infinity as null, the reason says which", False),
        _text("venue", "of the row, where it has one"),
        _text("symbol", "of the row"),
        _text("timeframe", "of the row"),
        Column("event_time", TIME, "us UTC", "of the row", nullable=True),
        Column("available_at", TIME, "us UTC", "of the row", nullable=True),
        _text("source", "of the row"),
        Column("is_synthetic", BOOL, "", "of the row", nullable=True),
        Column("is_derived", BOOL, "", "of the row", nullable=True),
        Column("ingested_at", TIME, "us UTC", "when it was refused first"),
    ),
    key=("table_name", "row", "reason"),
    partition="table_name",
)

TABLES: dict[str, TableSchema] = {table.name: table for table in (*_MARKET, *_WORLD, *_DERIVED, QUARANTINE)}


def table_schema(name: str) -> TableSchema:
    """The declaration of a table.

    Raises
    ------
    UnknownName
        If no such table is declared.

    Examples
    --------
    >>> table_schema("funding_rates").cadence
    'interval'
    """
    if name not in TABLES:
        raise UnknownName(f"table '{name}'", f"one of {', '.join(TABLES)}", "see: alphaloop data tables")
    return TABLES[name]
