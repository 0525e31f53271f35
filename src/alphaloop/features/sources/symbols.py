"""Symbols and what they are called elsewhere: news speaks of BTC, bars of BTCUSDT."""

import re

_PAIR = re.compile(r"(?:10{3,6})?([A-Z0-9]{2,}?)(?:USDT|USDC|FDUSD|BUSD|TUSD|USD)")


def names_of(symbol: str) -> tuple[str, ...]:
    """The symbol, and its base coin where it is a pair against a dollar.

    Examples
    --------
    >>> names_of("BTCUSDT"), names_of("1000PEPEUSDT"), names_of("AAPL")
    (('BTCUSDT', 'BTC'), ('1000PEPEUSDT', 'PEPE'), ('AAPL',))
    """
    pair = _PAIR.fullmatch(symbol)
    return (symbol, pair[1]) if pair else (symbol,)


def perpetual(venue: str) -> str:
    """The venue whose perpetuals stand beside a market.

    Examples
    --------
    >>> perpetual("binance-spot"), perpetual("binance")
    ('binance', 'binance')
    """
    return venue.removesuffix("-spot")
