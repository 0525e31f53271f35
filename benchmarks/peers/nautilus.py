"""NautilusTrader 2: fixed signals with a stop and a target, by a Python strategy (run by its own Python).

    python nautilus.py SPEC [fills]

SPEC is JSON: the columns of the bars, ``entries`` {bar: [side, stop, target]}, ``exits`` [bar],
quantity, fee and cash. With ``fills`` every fill is reported as well, which takes time; so
the run that is timed is the one without.
"""

import json
import sys
import time
from decimal import Decimal
from pathlib import Path

import nautilus_trader
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.common import LoggerConfig, LogLevel
from nautilus_trader.execution import MakerTakerFeeModel
from nautilus_trader.model import (
    AccountType,
    Bar,
    BarType,
    CryptoPerpetual,
    Currency,
    InstrumentId,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    Symbol,
    Venue,
)
from nautilus_trader.risk import RiskEngineConfig
from nautilus_trader.trading import Strategy, StrategyConfig

NAME = "XUSDT-PERP.VENUE"
INSTRUMENT = InstrumentId.from_str(NAME)
FIVE_MINUTES = BarType.from_str(f"{NAME}-5-MINUTE-LAST-EXTERNAL")
QUOTE, BASE = Currency.from_str("USDT"), Currency.from_str("BTC")


class Signals(Strategy):
    """Enters with a bracket and leaves at the market, on the bars that it is told."""

    def __init__(self, config=None):  # noqa: ARG002 - the engine passes it on by itself
        self.bar = -1

    def on_start(self):
        """Ask for the bars."""
        self.subscribe_bars(FIVE_MINUTES)

    def on_bar(self, bar):  # noqa: ARG002 - the signals are known by its number
        """Look the bar up."""
        self.bar += 1
        entry = self.entries.get(self.bar)
        if entry is not None:
            side, stop, target = entry
            self.submit_order_list(
                self.order_factory.bracket(
                    INSTRUMENT,
                    OrderSide.BUY if side > 0 else OrderSide.SELL,
                    self.quantity,
                    sl_trigger_price=Price(stop, 4),
                    tp_price=Price(target, 4),
                    tp_post_only=False,
                )
            )
        elif self.bar in self.exits:
            self.cancel_all_orders(INSTRUMENT)
            self.close_all_positions(INSTRUMENT)


class Recorder(Signals):
    """The same, writing down its fills."""

    def on_order_filled(self, event):
        """When the bar it happened in was known, signed quantity, price, fee."""
        side = 1.0 if event.order_side == OrderSide.BUY else -1.0
        money = float(str(event.commission).split()[0])
        self.fills.append([event.ts_event // 1000, side * float(event.last_qty), float(event.last_px), money])


def engine_of(spec, strategy):
    """A venue that charges ``fee`` either way, the bars, and the strategy."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggerConfig(stdout_level=LogLevel.OFF, bypass_logging=True),
            run_analysis=False,
            risk_engine=RiskEngineConfig(bypass=True),
        )
    )
    fee = Decimal(str(spec["fee"]))
    engine.add_venue(
        Venue("VENUE"),
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money(spec["cash"], QUOTE)],
        base_currency=QUOTE,
        default_leverage=Decimal(20),
        fee_model=MakerTakerFeeModel(fee, fee),
    )
    tick, lot = Price.from_str("0.0001"), Quantity.from_str("1")
    margins = {"margin_init": Decimal("0.05"), "margin_maint": Decimal("0.025")}
    kinds = (BASE, QUOTE, QUOTE, False, 4, 0, tick, lot, 0, 0)
    engine.add_instrument(CryptoPerpetual(INSTRUMENT, Symbol("XUSDT"), *kinds, **margins))
    volume = Quantity(1e8, 0)
    columns = zip(*(spec[name] for name in ("open", "high", "low", "close", "known_us")), strict=True)
    engine.add_data(
        [
            Bar(FIVE_MINUTES, *(Price(price, 4) for price in prices), volume, 1000 * known, 1000 * known)
            for *prices, known in columns
        ]
    )
    engine.add_strategy(strategy)
    return engine


def main(path, *words):
    """One backtest; only ``run`` is timed."""
    spec = json.loads(Path(path).read_text())
    strategy = (Recorder if "fills" in words else Signals)(StrategyConfig())
    strategy.entries = {int(bar): entry for bar, entry in spec["entries"].items()}
    strategy.exits, strategy.quantity = frozenset(spec["exits"]), Quantity(spec["quantity"], 0)
    strategy.fills = []
    engine = engine_of(spec, strategy)
    started, spent = time.perf_counter(), time.process_time()
    engine.run()
    wall, cpu = time.perf_counter() - started, time.process_time() - spent
    balance = engine.get_result().summary["account.VENUE.balance.USDT.total"]
    answer = {"version": nautilus_trader.__version__, "cpu_s": cpu, "wall_s": wall, "cash": float(balance.split()[0])}
    print(json.dumps({**answer, "fills": strategy.fills}))


if __name__ == "__main__":
    main(*sys.argv[1:])
