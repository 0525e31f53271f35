"""jesse: the story's signals by a strategy, bars fed as one-minute candles (run by its own Python).

    python parity_jesse.py STORY.npz OUT.npz

Brackets are the prices that the story names. jesse stamps every fill with the end of its
candle: ``entry_bar`` and ``exit_bar`` are the number of candles that had ended by then. OUT
holds the end balance and, per trade, those numbers, prices and profit.
"""

import importlib.metadata
import json
import sys

import jesse.helpers as jh
import numpy as np
from jesse.research import backtest
from jesse.strategies import Strategy

START, MINUTE, VENUE, PAIR = 1_577_836_800_000, 60_000, "Binance Perpetual Futures", "BTC-USDT"


def strategy_of(story):
    """A strategy that does on each candle what the story says."""
    names = ("side", "quantity", "stop_price", "target_price")
    columns = zip(*(story[name].tolist() for name in names), strict=True)
    entries = dict(zip(story["enter"].tolist(), columns, strict=True))
    leave = frozenset(story["leave"].tolist())

    class Story(Strategy):
        @property
        def bar(self):
            return int(self.current_candle[0] - START) // MINUTE

        def should_long(self):
            return entries.get(self.bar, (0,))[0] > 0

        def should_short(self):
            return entries.get(self.bar, (0,))[0] < 0

        def should_cancel_entry(self):
            return True

        def go_long(self):
            _, quantity, stop, target = entries[self.bar]
            self.buy, self.stop_loss, self.take_profit = (quantity, self.price), (quantity, stop), (quantity, target)

        def go_short(self):
            _, quantity, stop, target = entries[self.bar]
            self.sell, self.stop_loss, self.take_profit = (quantity, self.price), (quantity, stop), (quantity, target)

        def update_position(self):
            if self.bar in leave:
                self.liquidate()

    return Story


def main(path, out):
    """One run, not timed."""
    story = dict(np.load(path))
    bars = len(story["close"])
    times, volume = START + np.arange(bars) * MINUTE, np.ones(bars)
    candles = np.column_stack([times, *(story[name] for name in ("open", "close", "high", "low")), volume])
    config = {
        "starting_balance": float(story["cash"]),
        "fee": float(story["fee"]),
        "type": "futures",
        "futures_leverage": 20,
        "futures_leverage_mode": "cross",
        "exchange": VENUE,
        "warm_up_candles": 0,
    }
    routes = [{"exchange": VENUE, "strategy": strategy_of(story), "symbol": PAIR, "timeframe": "1m"}]
    data = {jh.key(VENUE, PAIR): {"exchange": VENUE, "symbol": PAIR, "candles": candles.astype(float)}}
    found = backtest(config, routes, [], data)
    trades = found["trades"]
    columns = {
        ours: np.array([trade[theirs] for trade in trades], dtype=float)
        for ours, theirs in (
            ("opened", "opened_at"),
            ("closed", "closed_at"),
            ("entry_price", "entry_price"),
            ("exit_price", "exit_price"),
            ("profit", "PNL"),
        )
    }
    end = float(found["metrics"]["finishing_balance"])
    np.savez(
        out,
        equity=np.array([end]),
        entry_bar=(columns.pop("opened") - START) // MINUTE,
        exit_bar=(columns.pop("closed") - START) // MINUTE,
        **columns,
    )
    print(json.dumps({"version": importlib.metadata.version("jesse"), "end": end}))


if __name__ == "__main__":
    main(*sys.argv[1:])
