"""backtesting.py: the story's signals by a strategy (run by its own Python).

    python parity_backtesting.py STORY.npz OUT.npz

Brackets are the prices that the story names. OUT holds the equity of every bar and, per
trade, bars, prices and profit. The run itself is timed.
"""

import json
import sys
import time
import warnings

import backtesting
import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

warnings.filterwarnings("ignore")


def strategy_of(story):
    """A strategy that does on each bar what the story says."""
    names = ("side", "quantity", "stop_price", "target_price")
    columns = zip(*(story[name].tolist() for name in names), strict=True)
    entries = dict(zip(story["enter"].tolist(), columns, strict=True))
    leave = frozenset(story["leave"].tolist())

    class Story(Strategy):
        def init(self):
            """Nothing is computed ahead."""

        def next(self):
            bar = len(self.data) - 1
            if bar in entries:
                side, quantity, stop, target = entries[bar]
                order = self.buy if side > 0 else self.sell
                order(size=int(quantity), sl=stop, tp=target)
            elif bar in leave and self.position:
                self.position.close()

    return Story


def main(path, out):
    """One run."""
    story = dict(np.load(path))
    names = {"Open": "open", "High": "high", "Low": "low", "Close": "close"}
    frame = pd.DataFrame({theirs: story[ours] for theirs, ours in names.items()})
    frame.index = pd.date_range("2020-01-01", periods=len(frame), freq="5min")
    costs = {"cash": float(story["cash"]), "commission": float(story["fee"]), "spread": float(story["slippage"])}
    engine = Backtest(frame, strategy_of(story), finalize_trades=True, **costs)
    cpu, wall = time.process_time(), time.perf_counter()
    found = engine.run()
    seconds = [time.process_time() - cpu, time.perf_counter() - wall]
    trades = found["_trades"].sort_values(["EntryBar"])
    np.savez(
        out,
        equity=found["_equity_curve"]["Equity"].to_numpy(),
        entry_bar=trades["EntryBar"],
        exit_bar=trades["ExitBar"],
        entry_price=trades["EntryPrice"],
        exit_price=trades["ExitPrice"],
        profit=trades["PnL"],
    )
    answer = {"version": backtesting.__version__, "end": float(found["Equity Final [$]"])}
    print(json.dumps({**answer, "seconds": {"run": seconds}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
