"""What must be known of a venue beside its name: its market, its page sizes, its extras.

A venue of ours is one market of one exchange: ``binance`` is the USD-M perpetual market,
``binance-spot`` the spot market; any other name of ccxt means its linear perpetuals, with
``-spot`` its spot market.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

SMALLEST_PAGE = 100  # rows; no venue of ccxt with a history sends fewer


@dataclass(frozen=True, slots=True)
class VenueRules:
    """One market of one exchange.

    Parameters
    ----------
    exchange : str
        Class of ccxt.
    spot : bool
    options : mapping
        Options of that class: load this market only.
    pages : mapping of kind to rows
        Rows in one answer at most.
    long_klines : bool
        Candles carry turnover, trade count and taker volume (Binance).
    trade_ids : bool
        Trades can be asked for by running number, so no millisecond is too full (Binance).
    """

    exchange: str
    spot: bool
    options: Mapping[str, object] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)
    long_klines: bool = False
    trade_ids: bool = False

    def page(self, kind: str) -> int:
        """Rows to ask for at once."""
        return self.pages.get(kind, SMALLEST_PAGE)


_BINANCE_PAGES = {"bars": 1000, "funding": 1000, "open_interest": 500, "trades": 1000}
_BYBIT_PAGES = {"bars": 1000, "funding": 200, "open_interest": 200, "trades": 1000}

KNOWN = {
    "binance": VenueRules(
        "binanceusdm", False, {"fetchMarkets": {"types": ["linear"]}}, _BINANCE_PAGES, long_klines=True, trade_ids=True
    ),
    "binance-spot": VenueRules(
        "binance",
        True,
        {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot", "fetchMargins": False},
        _BINANCE_PAGES,
        long_klines=True,
        trade_ids=True,
    ),
    "bybit": VenueRules("bybit", False, {"fetchMarkets": {"types": ["linear"]}}, _BYBIT_PAGES),
    "bybit-spot": VenueRules(
        "bybit", True, {"fetchMarkets": {"types": ["spot"]}, "defaultType": "spot"}, {"bars": 1000, "trades": 60}
    ),
}


def rules_of(venue: str) -> VenueRules:
    """The rules of a venue; for one without an entry the careful ones.

    Examples
    --------
    >>> rules_of("binance").exchange, rules_of("okx-spot").exchange, rules_of("okx").page("bars")
    ('binanceusdm', 'okx', 100)
    """
    return KNOWN.get(venue) or VenueRules(venue.removesuffix("-spot"), venue.endswith("-spot"))
