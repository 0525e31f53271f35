"""Names: what a file's name and its folders say about its content.

    BTCUSDT-5m-2025-01.csv            BTCUSDT  5m
    BTC_USDT_USDT-5m-futures.feather  BTCUSDT  5m  perpetual
    BTC_USDT-5m.feather               BTCUSDT  5m  spot (freqtrade's pair without a settle coin)
    PEPEUSDT_spot_aggtrades_2024-10-27.parquet     PEPEUSDT  spot
    AAPL_tweets.parquet               AAPL

A folder counts only if every word of its name is a known one (``bars_spot``, ``futures``,
``binance``), so that a project called ``spot_checks`` changes nothing. Names are hints:
columns of the file and flags of the caller go before them. Reads no file.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePath

QUOTES = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BTC", "ETH", "BNB")
_VENUE_WORDS = "binance bybit okx kraken hyperliquid lighter dydx coinbase bitstamp bitfinex kucoin gate bitget deribit"
VENUES = frozenset(_VENUE_WORDS.split())
_KIND_WORDS = """
spot perp perpetual futures future swap um cm mark index last premium funding rate fundingrate markprice
markpriceklines indexpriceklines premiumindexklines trades aggtrades depth bookticker l2 levels snapshots
klines candles ohlcv bars prices metrics oi aggregates onchain tweets news social stocks venues
data raw history daily monthly
"""
KINDS = frozenset(_KIND_WORDS.split())
_TIMEFRAME = re.compile(r"^(\d+)(s|m|h|d|w|H|D|W|min|hour|day)$")
_DATE = re.compile(r"(?<!\d)\d{4}-?\d{2}(-?\d{2})?(?!\d)")
_SYMBOL = re.compile(r"^[A-Z0-9]{1,24}$")
_PAIR = re.compile(rf"^[a-z0-9]{{2,12}}({'|'.join(QUOTES).lower()})$")


@dataclass(frozen=True, slots=True)
class Hints:
    """What the caller says about files; it goes before what they say themselves.

    Parameters
    ----------
    table, symbol, timeframe, venue : str or None
        As the flags of ``data import``.
    """

    table: str | None = None
    symbol: str | None = None
    timeframe: str | None = None
    venue: str | None = None


@dataclass(frozen=True, slots=True)
class NameHints:
    """What a path says; None where it says nothing.

    Parameters
    ----------
    symbol, timeframe, venue : str or None
        Venue without its market, e.g. ``binance``.
    kind : str
        ``mark``, ``index``, ``funding`` or empty.
    market : str
        ``spot``, ``perp`` or empty.
    stocks : str
        The folder's own name of a stock collection (``stocks-us30``), or empty.
    """

    symbol: str | None = None
    timeframe: str | None = None
    venue: str | None = None
    kind: str = ""
    market: str = ""
    stocks: str = ""


def read_name(path: str | PurePath) -> NameHints:
    """Everything the path says.

    Examples
    --------
    >>> hints = read_name("bars_spot/BTC_USDT-5m.feather")
    >>> hints.symbol, hints.timeframe, hints.market
    ('BTCUSDT', '5m', 'spot')
    """
    path = PurePath(path)
    stem = path.name.split(".")[0] if not path.name.startswith(".") else path.stem
    words = [word for word in re.split(r"[-_ ]+", _DATE.sub(" ", stem)) if word]
    folders = [folder.lower() for folder in path.parts[-8:-1] if _is_known(folder.lower())]
    spoken = {word.lower() for word in words} | {part for folder in folders for part in re.split(r"[-_ ]+", folder)}
    return NameHints(
        symbol=_symbol(words),
        timeframe=_timeframe(words),
        venue=next((word for word in sorted(spoken) if word in VENUES), None),
        kind=_kind(spoken),
        market=_market(spoken, stem),
        stocks=next((folder.replace("_", "-") for folder in folders if folder.startswith("stocks")), ""),
    )


def plain_symbol(text: str) -> str:
    """Upper case without separators: ``BTC/USDT:USDT`` is BTCUSDT.

    Examples
    --------
    >>> plain_symbol("btc-usdt"), plain_symbol("BTC/USDT:USDT"), plain_symbol("BTC_USDT_USDT")
    ('BTCUSDT', 'BTCUSDT', 'BTCUSDT')
    """
    pair = text.strip().upper().split(":")[0]
    parts = [part for part in re.split(r"[-_/ ]+", pair) if part]
    if len(parts) == 3 and parts[1] in QUOTES and parts[2] in QUOTES:
        parts = parts[:2]
    return "".join(parts)


def _is_known(folder: str) -> bool:
    if folder.startswith("stocks"):
        return True
    parts = [part for part in re.split(r"[-_ ]+", folder) if part]
    return bool(parts) and all(part in KINDS or part in VENUES for part in parts)


def _timeframe(words: list[str]) -> str | None:
    for word in words:
        match = _TIMEFRAME.match(word)
        if match is not None:
            return f"{int(match[1])}{match[2][0].lower()}"
    return None


def _symbol(words: list[str]) -> str | None:
    left = [word for word in words if _may_be_symbol(word)]
    for word, following in zip_longest(left, left[1:], fillvalue=""):
        if _SYMBOL.match(word):
            return word + following if following in QUOTES and not word.endswith(QUOTES[:6]) else word
        if _PAIR.match(word):
            return word.upper()
    return None


def _may_be_symbol(word: str) -> bool:
    if re.match(r"^\d+[A-Z]{3,}$", word):  # 1000PEPE, 1INCH
        return True
    return not (word.lower() in KINDS | VENUES or _TIMEFRAME.match(word) or re.match(r"^\d|^top\d+$", word))


def _kind(spoken: set[str]) -> str:
    if spoken & {"mark", "markprice", "markpriceklines"}:
        return "mark"
    if spoken & {"index", "indexpriceklines"}:
        return "index"
    return "funding" if spoken & {"funding", "fundingrate"} else ""


def _market(spoken: set[str], stem: str) -> str:
    if "spot" in spoken:
        return "spot"
    if spoken & {"perp", "perpetual", "futures", "future", "swap", "um", "cm", "mark", "funding", "fundingrate"}:
        return "perp"
    quotes = "|".join(QUOTES)
    return "spot" if re.match(rf"^[A-Z0-9]+_({quotes})-(\d+\w|trades)$", stem) else ""
