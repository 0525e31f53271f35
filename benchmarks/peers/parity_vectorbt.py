"""vectorbt: the story's signals through ``Portfolio.from_signals`` (run by its own Python).

    python parity_vectorbt.py STORY.npz OUT.npz

Signals are moved on by one bar and filled at the open; stop and target are fractions of the
order's price. OUT holds the end equity and, per trade, bars, prices and profit.
"""

import json
import sys

import numpy as np
import pandas as pd
import vectorbt as vbt


def main(path, out):
    """One run, not timed."""
    story = np.load(path)
    bars, enter, leave = len(story["close"]), story["enter"] + 1, story["leave"] + 1
    side, size = np.zeros(bars), np.zeros(bars)
    side[enter], size[enter] = story["side"], story["quantity"]
    exits = np.zeros(bars, dtype=bool)
    exits[leave] = True
    column = {name: pd.Series(story[name]) for name in ("open", "high", "low", "close")}
    folio = vbt.Portfolio.from_signals(
        column["close"],
        entries=pd.Series(side > 0),
        exits=pd.Series(exits),
        short_entries=pd.Series(side < 0),
        short_exits=pd.Series(exits),
        price=column["open"],
        open=column["open"],
        high=column["high"],
        low=column["low"],
        size=pd.Series(size),
        size_type="amount",
        fees=float(story["fee"]),
        slippage=float(story["slippage"]),
        init_cash=float(story["cash"]),
        sl_stop=float(story["stop"]),
        tp_stop=float(story["target"]),
        stop_entry_price="price",
        stop_exit_price="stopmarket",
        accumulate=False,
        freq="5min",
    )
    value, records = folio.value().to_numpy(), folio.trades.records
    np.savez(
        out,
        equity=value,
        entry_bar=records["entry_idx"],
        exit_bar=records["exit_idx"],
        entry_price=records["entry_price"],
        exit_price=records["exit_price"],
        profit=records["pnl"],
    )
    print(json.dumps({"version": vbt.__version__, "end": float(value[-1])}))


if __name__ == "__main__":
    main(*sys.argv[1:])
