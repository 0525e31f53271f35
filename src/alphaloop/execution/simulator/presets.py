"""How other engines fill, as values of :class:`FillRules`.

Each was read from the engine's own source at the version named, and is held to it trade by
trade by ``benchmarks/parity.py`` and the tests marked ``peer``. A preset speaks of market
orders with a stop and a target; what an engine does besides (sizing, liquidation, partial
closing) is not part of it.
"""

from collections.abc import Mapping

from alphaloop.core.errors import UnknownName
from alphaloop.execution.simulator.rules import (
    Basis,
    Both,
    EntryBar,
    FillRules,
    Gap,
    Kind,
    Queued,
    StopBarSignal,
    Timing,
)

VECTORBT = FillRules(
    timing=Timing.NEXT_OPEN,
    entry_bar=EntryBar.NOT_WATCHED,
    queued=Queued.AFTER_STOPS,
    both=Both.STOP_ALWAYS,
    stop_gap=Gap.OPEN,
    target_gap=Gap.OPEN,
    slips=frozenset(Kind) - {Kind.LIMIT},
    basis=Basis.RAW,
    stop_bar_signal=StopBarSignal.DROPPED,
)
"""vectorbt 1.2 ``Portfolio.from_signals``, with signals moved on by one bar, ``price=open``,
``stop_entry_price='price'`` and ``stop_exit_price='stopmarket'`` (read: ``portfolio/nb.py``,
``simulate_from_signals_nb``, ``get_stop_price_nb``).

* timing: the caller's ``price=open`` on the bar after the signal.
* entry_bar: the stops of an order are armed after it was processed, so its own bar is never tested.
* queued: the stops of a bar are tested before its signals are read.
* both: the stop loss is asked first; only when it is not reached, the take profit, open or not.
* gaps: "if hit before open, returns open", of stop and target alike.
* slips: a ``StopMarket`` exit of either kind takes the order's slippage; limit orders do not exist.
* basis: ``StopEntryPrice.Price`` is the order's price before slippage.
* stop_bar_signal: a bar that has a stop signal does not read the user's.
"""

BACKTESTING_PY = FillRules(
    timing=Timing.NEXT_OPEN,
    entry_bar=EntryBar.MARKET_ONLY,
    queued=Queued.BEFORE_STOPS,
    both=Both.STOP_ALWAYS,
    stop_gap=Gap.OPEN,
    target_gap=Gap.OPEN,
    slips=frozenset({Kind.MARKET_ENTRY, Kind.LIMIT, Kind.STOP_ENTRY}),
    basis=Basis.RAW,
)
"""backtesting.py 0.6.6 with ``trade_on_close=False`` (read: ``_Broker._process_orders``).

* timing: "market orders are filled on next bar's open".
* entry_bar: orders are processed again after a market entry, not after a limit or stop entry.
* queued: ``Trade.close`` puts its order at the front of the queue, before the stop.
* both: stop orders stand before targets in the queue, and each is tested on the whole bar.
* gaps: the stop fills at ``min(open, stop)`` of a long, the target at ``max(open, limit)``.
* slips: ``spread`` moves the price of orders that open; every exit is at the unadjusted price.
* basis: levels are prices that the strategy gives; as fractions, of the unadjusted price.
"""

FREQTRADE = FillRules(
    timing=Timing.NEXT_OPEN,
    entry_bar=EntryBar.WATCHED,
    queued=Queued.BEFORE_STOPS,
    both=Both.STOP_ALWAYS,
    stop_gap=Gap.LEVEL_ELSE_OPEN,
    target_gap=Gap.LEVEL_ELSE_NEAREST,
    slips=frozenset(),
    basis=Basis.FILL,
)
"""freqtrade 2026.9 backtesting without detail timeframe (read: ``optimize/backtesting.py``,
``strategy/interface.py:should_exit``).

* timing: signals are moved on by one candle; entries and exit signals fill at its open.
* entry_bar: after the entry order the same candle is asked for an exit.
* queued, both: "Exit-signal, Stoploss, ROI", in this order, each on the whole candle.
* stop_gap: "exactly at stoploss price", unless the whole candle lies beyond it: then its open.
* target_gap: the rate of the minimal return, limited to the candle's low and high.
* slips: none; there is no slippage model.
* basis: ``open_rate``. Its ROI is net of fees and its stop is rounded to the venue's digits:
  give such levels as prices.
"""

JESSE = FillRules(
    timing=Timing.SIGNAL_CLOSE,
    entry_bar=EntryBar.WATCHED,
    queued=Queued.BEFORE_STOPS,
    both=Both.CANDLE_PATH,
    stop_gap=Gap.OPEN,
    target_gap=Gap.OPEN,
    slips=frozenset(),
    basis=Basis.FILL,
)
"""jesse 3.5.3 ``research.backtest`` on one-minute candles (read: ``modes/backtest_mode.py``).

* timing: a market order is executed at the end of the candle on which it was submitted.
* entry_bar: the first candle after that close is tested whole.
* queued: nothing waits for a later candle.
* both: ``_sort_execution_orders``: a red candle went up first, any other down first.
* gaps: orders crossed between the previous close and the open fill at the open.
* slips: none; there is no slippage model.
* basis: levels are prices that the strategy gives.
"""

NAUTILUS = FillRules(
    timing=Timing.SIGNAL_CLOSE,
    entry_bar=EntryBar.WATCHED,
    queued=Queued.BEFORE_STOPS,
    both=Both.OPEN_HIGH_LOW_CLOSE,
    stop_gap=Gap.OPEN,
    target_gap=Gap.LEVEL,
    slips=frozenset(),
    basis=Basis.FILL,
)
"""NautilusTrader 2.0.0rc6, bars as the only data, no fill or latency model, brackets of a market
entry, a stop-market and a resting limit (measured: ``benchmarks/bench_session.py`` holds every
fill of the two equal before it reports a time).

* timing: a strategy sees a bar when it has closed; its market orders fill at that close.
* entry_bar: the first bar after that close is tested whole.
* queued: nothing waits for a later bar.
* both: a bar becomes four prices, open, high, low, close (``bar_adaptive_high_low_ordering=False``).
* gaps: a stop beyond the open fills at the open, a resting target at its own price.
* slips: none without a fill model.
* basis: levels are prices that the strategy gives.
"""

PRESETS = {
    "default": FillRules(),
    "vectorbt": VECTORBT,
    "backtesting.py": BACKTESTING_PY,
    "freqtrade": FREQTRADE,
    "jesse": JESSE,
    "nautilus": NAUTILUS,
}


def rules_named(name: str) -> FillRules:
    """A preset by its name on the command line.

    Raises
    ------
    UnknownName
        If there is none.

    Examples
    --------
    >>> rules_named("jesse").timing
    <Timing.SIGNAL_CLOSE: 'signal_close'>
    """
    if name not in PRESETS:
        raise UnknownName(f"fill rules '{name}'", f"one of {', '.join(PRESETS)}", "leave them out for the default")
    return PRESETS[name]


def rules_of(name: str, changed: Mapping[str, str]) -> FillRules:
    """A preset with some of its answers changed, by field and value as text.

    ``slips`` takes kinds of order separated by commas, or ``none``.

    Raises
    ------
    UnknownName
        If there is no such preset, field or value.
    InvalidOption
        If two answers cannot hold at once.

    Examples
    --------
    >>> rules_of("default", {"both": "target_first"}).both
    <Both.TARGET_FIRST: 'target_first'>
    >>> sorted(rules_of("jesse", {"slips": "stop,market_exit"}).slips)
    [<Kind.MARKET_EXIT: 'market_exit'>, <Kind.STOP: 'stop'>]
    """
    plain: dict[str, object] = dict(rules_named(name).as_dict())
    for key, value in changed.items():
        plain[key] = [one for one in value.split(",") if one != "none"] if key == "slips" else value
    return FillRules.from_dict(plain)
