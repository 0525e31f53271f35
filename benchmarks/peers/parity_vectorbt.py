"""vectorbt: the story's signals through ``Portfolio.from_signals`` (run by its own Python).

    python parity_vectorbt.py STORY.npz OUT.npz [rounds]

Signals are moved on by one bar and filled at the open; stop and target are fractions of the
order's price. OUT holds the equity of every bar and, per trade, bars, prices and profit. With
``rounds`` both of its engines are timed, simulation and ``value()`` together, in turns.
"""

import json
import resource
import statistics
import sys
import time

import numpy as np
import pandas as pd
import vectorbt as vbt

ENGINES = ("numba", "rust")


def arguments_of(story):
    """What ``from_signals`` is told."""
    bars, enter, leave = len(story["close"]), story["enter"] + 1, story["leave"] + 1
    side, size, exits = np.zeros(bars), np.zeros(bars), np.zeros(bars, dtype=bool)
    side[enter], size[enter], exits[leave] = story["side"], story["quantity"], True
    column = {name: pd.Series(story[name]) for name in ("open", "high", "low", "close")}
    return {
        **column,
        "entries": pd.Series(side > 0),
        "exits": pd.Series(exits),
        "short_entries": pd.Series(side < 0),
        "short_exits": pd.Series(exits),
        "price": column["open"],
        "size": pd.Series(size),
        "size_type": "amount",
        "fees": float(story["fee"]),
        "slippage": float(story["slippage"]),
        "init_cash": float(story["cash"]),
        "sl_stop": float(story["stop"]),
        "tp_stop": float(story["target"]),
        "stop_entry_price": "price",
        "stop_exit_price": "stopmarket",
        "accumulate": False,
        "freq": "5min",
    }


def timed(arguments, rounds):
    """Median CPU and wall seconds of each engine, after one turn to warm up."""
    spent = {name: [] for name in ENGINES}
    for turn in range(rounds + 1):
        for name in ENGINES:
            cpu, wall = time.process_time(), time.perf_counter()
            vbt.Portfolio.from_signals(**arguments, engine=name).value()
            if turn:
                spent[name].append((time.process_time() - cpu, time.perf_counter() - wall))
    return {name: [statistics.median(column) for column in zip(*turns, strict=True)] for name, turns in spent.items()}


def main(path, out, rounds="0"):
    """One run for the trades, then the rounds."""
    arguments = arguments_of(np.load(path))
    folio = vbt.Portfolio.from_signals(**arguments)
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
    answer = {"version": vbt.__version__, "end": float(value[-1])}
    del folio, value, records
    if int(rounds):
        answer["seconds"] = timed(arguments, int(rounds))
        answer["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
