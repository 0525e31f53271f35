"""One exchange behind ccxt: names, patience, and errors of ours instead of theirs.

ccxt is imported on first use. What fails and may pass (rate limits, time-outs, broken
answers, a server that is down) is asked again; what is refused raises at once. An answer
that is not whole JSON never counts as an empty page.
"""

import difflib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from alphaloop.core.errors import MissingExtra, SourceRejected, SourceUnavailable, UnknownName
from alphaloop.lake.sources.exchange.retry import Passing, Patience, patiently
from alphaloop.lake.sources.exchange.venues import VenueRules, rules_of
from alphaloop.lake.sources.names import plain_symbol

PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524, 530})


@dataclass(slots=True)
class Client:
    """A connection to one venue.

    Parameters
    ----------
    venue : str
        ``binance``, ``binance-spot``, ``bybit``, or any name of ccxt, with ``-spot`` for spot.
    sleep : callable of seconds
        How to wait: between requests (the venue's own pace) and after a failure.
    patience : Patience

    Raises
    ------
    MissingExtra
        If ccxt is not installed.
    UnknownName
        If ccxt knows no such exchange.
    """

    venue: str
    sleep: Callable[[float], None] = time.sleep
    patience: Patience = field(default_factory=Patience)
    rules: VenueRules = field(init=False)
    _ccxt: ModuleType = field(init=False, repr=False)
    _api: Any = field(init=False, repr=False)
    _markets: dict[str, dict[str, Any]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._ccxt = _import_ccxt()
        self.rules = rules_of(self.venue)
        if self.rules.exchange not in self._ccxt.exchanges:
            near = difflib.get_close_matches(self.rules.exchange, [*self._ccxt.exchanges, "binance-spot"], 3)
            raise UnknownName(f"venue '{self.venue}'", "an exchange that ccxt knows", _perhaps(near))
        self._api = getattr(self._ccxt, self.rules.exchange)({"options": dict(self.rules.options)})
        self._api.on_rest_response = self._checked
        self._api.throttle = self._throttle
        if self.rules.long_klines:
            self._api.parse_ohlcv = _long_kline

    def markets(self) -> dict[str, dict[str, Any]]:
        """The venue's markets by plain symbol, as ccxt describes them; dated contracts are left out."""
        if not self._markets:
            wanted = "spot" if self.rules.spot else "swap"
            for market in self.ask("load_markets").values():
                if market.get(wanted) and (self.rules.spot or market.get("linear")):
                    plain = plain_symbol(market["symbol"])
                    settled_in_quote = market.get("settle") in (None, market.get("quote"))
                    if plain not in self._markets or settled_in_quote:
                        self._markets[plain] = market
        return self._markets

    def market(self, symbol: str) -> dict[str, Any]:
        """One market by symbol, in any spelling.

        Raises
        ------
        UnknownName
            With the nearest names, if the venue has no such market.
        """
        markets = self.markets()
        plain = plain_symbol(symbol)
        if plain not in markets:
            near = difflib.get_close_matches(plain, markets, 3)
            raise UnknownName(
                f"symbol '{symbol}' at {self.venue}", f"one of its {len(markets)} markets", _perhaps(near)
            )
        return markets[plain]

    def supports(self, method: str) -> bool:
        """Whether ccxt can ask this venue for a thing, e.g. ``fetchOpenInterestHistory``."""
        return bool(self._api.has.get(method))

    @property
    def timeframes(self) -> tuple[str, ...]:
        """Candle lengths the venue offers."""
        return tuple(self._api.timeframes or ())

    @property
    def ticks_are_steps(self) -> bool:
        """Whether precisions are steps (0.01) rather than counts of digits."""
        return bool(self._api.precisionMode == self._ccxt.TICK_SIZE)

    def ask(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Call one method of ccxt, patiently.

        Raises
        ------
        SourceUnavailable
            If the venue was down, unreachable or garbled at every attempt.
        SourceRejected
            If it answered no, or in a shape nobody can read.
        UnknownName
            If it does not know the symbol.
        """
        try:
            return patiently(lambda: self._once(method, *arguments, **named), self.patience, self.sleep)
        except Passing as passing:
            raise SourceUnavailable(
                f"{self.venue} failing {self.patience.attempts} times in a row: {passing.why}",
                "an answer",
                "try again later; what was fetched so far is kept and not asked for again",
            ) from passing

    def _once(self, method: str, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self._api, method)(*arguments, **named)
        except self._ccxt.BaseError as error:
            raise self._translated(error) from error
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise SourceRejected(
                f"an answer of {self.venue} to {method} that nobody can read ({type(error).__name__}: {error})",
                "the documented payload",
                "the venue may have changed its interface: update ccxt",
            ) from error

    def _translated(self, error: Exception) -> Exception:
        response = getattr(error.__context__, "response", None)
        status = getattr(response, "status_code", None)
        why = str(error)[:300]
        if isinstance(error, self._ccxt.BadSymbol):
            return UnknownName(f"a symbol {self.venue} does not know: {why}", "a listed one", "")
        passing = isinstance(error, self._ccxt.OperationFailed)
        if passing and (status is None or status in PASSING_STATUS):
            return Passing(why, _retry_after(response))
        return SourceRejected(f"{self.venue} answering no: {why}", "an answer", _advice(status))

    def _checked(self, status: int, *answer: Any) -> str:
        """Refuse an answer that was cut off on its way: ccxt would read it as text, and then as no rows.

        Stands for ccxt's ``on_rest_response``: reason, url, method, headers and body follow the status.
        """
        url, text = answer[1], str(answer[4]).strip()
        if status < 400:
            try:
                json.loads(text)
            except ValueError as error:
                raise self._ccxt.BadResponse(f"{len(text)} characters that are not whole JSON from {url}") from error
        return text

    def _throttle(self, cost: float | None = None) -> None:
        """The pace ccxt keeps (``rateLimit`` milliseconds times the cost of a call), with our way to wait."""
        passed = self._api.milliseconds() - self._api.lastRestRequestTimestamp
        pause = self._api.rateLimit * (1.0 if cost is None else cost) - passed
        if pause > 0:
            self.sleep(pause / 1000.0)


def _import_ccxt() -> ModuleType:
    try:
        import ccxt
    except ImportError as error:
        raise MissingExtra("ccxt", "brokers") from error
    return ccxt  # type: ignore[no-any-return]


def _long_kline(row: list[Any], market: object = None) -> list[float]:  # noqa: ARG001 - ccxt's signature
    """All ten figures of a Binance candle: ccxt keeps the first five."""
    return [int(row[0]), *(float(row[place]) for place in (1, 2, 3, 4, 5, 7, 8, 9, 10))]


def _retry_after(response: Any) -> float:
    text = str(getattr(response, "headers", {}).get("Retry-After", ""))
    return float(text) if text.isdigit() else 0.0


def _advice(status: int | None) -> str:
    if status == 418:
        return "this address is banned for a while: wait, then ask for less at a time"
    if status in (403, 451):
        return "the venue does not serve this place; import files instead: alphaloop data import"
    return "check symbol, timeframe and window"


def _perhaps(near: list[str]) -> str:
    return f"did you mean {' or '.join(near)}?" if near else "see the venue's list of markets"
