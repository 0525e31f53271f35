"""Columns: which column of a file plays which role, and its values as the lake's types.

A role is found by name, ignoring case and punctuation; where several columns could play it,
the first alias of the list wins. A value that cannot be read becomes NaN (a number) or null
(a time), which the lake refuses with a reason, so a bad cell costs its row and no other.
NaN of the source in a column that may be unknown is null.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from alphaloop.lake.sources.clock import TIME, read_times
from alphaloop.lake.sources.names import Hints, NameHints, plain_symbol

ALIASES: dict[str, str] = {
    "time": "event_time ts open_time timestamp time datetime date unix ts_match ts_event calc_time create_time "
    "transact_time transaction_time trade_time funding_time settlement_time published_at publish_date published "
    "date_published created_at created_utc created t unnamed_0 index __index_level_0__ blank_name",
    "available_at": "available_at eod_completed_at",
    "received_at": "ts_local received_at local_timestamp local_time",
    "exchange_time": "ts_event exchange_time",
    "symbol": "symbol ticker pair instrument market inst_id",
    "venue": "venue exchange",
    "timeframe": "timeframe interval bar_size",
    "src": "src source",
    "open": "open o open_price",
    "high": "high h high_price",
    "low": "low l low_price",
    "close": "close c close_price last",
    "volume": "volume v vol base_volume volume_base",
    "quote_volume": "quote_volume quote_asset_volume quote_vol volume_quote volume_usdt volume_usd turnover",
    "trades": "trades count number_of_trades num_trades trade_count tradecount n",
    "taker_buy_volume": "taker_buy_volume taker_buy_base taker_buy_base_volume taker_buy_base_asset_volume",
    "taker_buy_quote_volume": "taker_buy_quote_volume taker_buy_quote taker_buy_quote_asset_volume",
    "price": "price p",
    "quantity": "quantity qty size amount q",
    "trade_id": "trade_id id tid",
    "agg_id": "agg_id agg_trade_id aggregate_id a",
    "first_trade_id": "first_trade_id f",
    "last_trade_id": "last_trade_id l",
    "buyer_is_maker": "buyer_is_maker is_buyer_maker m",
    "side": "side taker_side aggressor",
    "rate": "rate funding_rate last_funding_rate",
    "interval_hours": "interval_hours funding_interval_hours",
    "oi_base": "oi_base sum_open_interest open_interest oi",
    "oi_usd": "oi_usd sum_open_interest_value open_interest_value open_interest_usd oi_value",
    "metric": "metric indicator",
    "value": "value",
    "message": "msg sequence seq message",
    "message_type": "type",
    "first_update_id": "first_update_id",
    "final_update_id": "final_update_id update_id last_update_id",
    "prev_update_id": "prev_update_id prev_final_update_id",
    "bid_price": "bid_price best_bid_price bid",
    "bid_qty": "bid_qty best_bid_qty bid_size bid_amount",
    "ask_price": "ask_price best_ask_price ask",
    "ask_qty": "ask_qty best_ask_qty ask_size ask_amount",
    "title": "title headline",
    "text": "text body content summary description tweet full_text selftext",
    "url": "url link",
    "publisher": "publisher source_name provider site",
    "precision": "precision ts_precision",
    "event_id": "event_id news_id article_id",
    "post_id": "post_id tweet_id status_id id_str comment_id",
    "author": "author user username user_name screen_name",
    "platform": "platform",
    "parent_id": "parent_id in_reply_to in_reply_to_status_id",
    "lang": "lang language",
    "likes": "likes favorites favorite_count like_count score ups",
    "reposts": "reposts retweets retweet_count shares",
    "replies": "replies reply_count num_comments comments",
    "author_followers": "author_followers user_followers followers followers_count",
}
"""Role to the names it goes by, the most telling first."""


def plain_name(name: str) -> str:
    """Lower case letters and digits only, ``Taker buy base`` as ``takerbuybase``.

    Examples
    --------
    >>> plain_name("Open time"), plain_name("openTime"), plain_name("open_time")
    ('opentime', 'opentime', 'opentime')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower()) or "blankname"


_ROLES = {role: tuple(plain_name(alias) for alias in aliases.split()) for role, aliases in ALIASES.items()}


def find_roles(columns: Iterable[str]) -> dict[str, str]:
    """Role to the column that plays it; volumes named by coin are the base first, then the quote.

    Examples
    --------
    >>> roles = find_roles(["Open time", "O", "H", "L", "C", "Volume BTC", "Volume USDT"])
    >>> roles["time"], roles["volume"], roles["quote_volume"]
    ('Open time', 'Volume BTC', 'Volume USDT')
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    found = ((role, next((alias for alias in aliases if alias in by_name), None)) for role, aliases in _ROLES.items())
    roles = {role: by_name[alias] for role, alias in found if alias is not None}
    named = [column for name, column in by_name.items() if re.fullmatch(r"volume[a-z0-9]{2,8}", name)]
    return dict(zip(("volume", "quote_volume"), named, strict=False)) | roles


NO_HINTS, NO_NAME = Hints(), NameHints()


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a file beside its columns.

    Parameters
    ----------
    file : str
        Its name without folders, for messages and for ``source``.
    flags : Hints
        What the caller said.
    name : NameHints
        What the path says.
    """

    file: str
    flags: Hints = NO_HINTS
    name: NameHints = NO_NAME


@dataclass(frozen=True, slots=True)
class Sheet:
    """Raw rows with the roles their columns play.

    Parameters
    ----------
    frame : polars DataFrame
        As it came from the file.
    roles : dict of str to str
    origin : Origin
    """

    frame: pl.DataFrame
    roles: dict[str, str]
    origin: Origin

    def has(self, *roles: str) -> bool:
        """Whether each of the roles has a column."""
        return all(role in self.roles for role in roles)

    def raw(self, role: str) -> pl.Series:
        """The column that plays the role, as it came."""
        return self.frame[self.roles[role]]

    def time(self, *roles: str) -> pl.Series:
        """Times of the first role present; rows null there take the next role."""
        times = pl.Series("time", [None] * self.frame.height, dtype=TIME)
        for role in roles:
            if self.has(role):
                times = times.zip_with(times.is_not_null(), read_times(self.raw(role)).alias("time"))
        return times

    def number(self, role: str, nullable: bool = True) -> pl.Series:
        """Float64 values; all null where no column plays the role."""
        if not self.has(role):
            return pl.Series(role, [None] * self.frame.height, dtype=pl.Float64)
        return read_numbers(self.raw(role), nullable).alias(role)

    def integer(self, role: str) -> pl.Series:
        """Int64 values; null where absent or unreadable."""
        if not self.has(role):
            return pl.Series(role, [None] * self.frame.height, dtype=pl.Int64)
        values = self.raw(role)
        values = values.str.strip_chars() if values.dtype == pl.String else values
        whole = values.cast(pl.Int64, strict=False)
        if whole.null_count() > values.null_count():
            whole = whole.zip_with(whole.is_not_null(), self.number(role).cast(pl.Int64, strict=False))
        return whole.alias(role)

    def text(self, role: str) -> pl.Series:
        """Trimmed text; empty and absent are null."""
        if not self.has(role):
            return pl.Series(role, [None] * self.frame.height, dtype=pl.String)
        trimmed = self.raw(role).cast(pl.String).str.strip_chars()
        return trimmed.set(trimmed == "", None).alias(role)

    def flag(self, role: str) -> pl.Series:
        """Boolean values of ``true/false``, ``1/0``; null where absent or unreadable."""
        if not self.has(role) or self.raw(role).dtype == pl.Boolean:
            return self.raw(role).alias(role) if self.has(role) else self.text(role).cast(pl.Boolean)
        words = self.text(role).str.to_lowercase()
        known = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False}
        return words.replace_strict(known, default=None, return_dtype=pl.Boolean).alias(role)

    def symbols(self) -> pl.Series | None:
        """Symbol of each row from its column, or None if only the file's name can tell."""
        if not self.has("symbol"):
            return None
        texts = self.text("symbol")
        names = {text: plain_symbol(text) for text in texts.unique().drop_nulls()}
        return texts.replace_strict(names, default=None, return_dtype=pl.String).alias("symbol")

    def sources(self) -> pl.Series:
        """Who said so: the row's own ``src``, else the file's name."""
        return self.text("src").fill_null(self.origin.file).alias("source")


def read_numbers(values: pl.Series, nullable: bool = True) -> pl.Series:
    """Float64; text that is no number is NaN, missing is null.

    Examples
    --------
    >>> read_numbers(pl.Series(["1.5", "", "nan", "cat"])).to_list()
    [1.5, None, None, nan]
    """
    if values.dtype == pl.String:
        values = values.str.strip_chars()
        absent = values.is_null() | values.str.to_lowercase().is_in(["", "nan", "null", "none", "na", "n/a", "-"])
        numbers = values.cast(pl.Float64, strict=False)
        return numbers.fill_null(float("nan")).set(absent, None)
    numbers = values.cast(pl.Float64, strict=False)
    return numbers.fill_nan(None) if nullable else numbers
