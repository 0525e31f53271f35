"""One symbol, 1 M bars, about 20,000 bracketed trades: our kernel against vectorbt's ``from_signals``.

Same bars, same entries and exits, same stop and target fractions, same fee and slippage,
both writing the equity of every bar. The two engines' rules differ by design (vectorbt
does not check a stop on the entry bar, lets a stop beat a queued exit of the same bar, and
slips targets), so the ends differ by a few basis points; a difference beyond 1 % of the
profit and loss fails the run, and then no time is reported.
"""

import numpy as np

from _rounds import interleaved, keep, peak_mib
from alphaloop.core.market import Instrument, Market
from alphaloop.core.time import Timeframe
from alphaloop.execution.simulator.batch import simulate, targets

BARS, BLOCK, HOLD = 1_000_000, 50, 30
STOP, TARGET, FEE, SLIPPAGE, CASH, NOTIONAL = 0.01, 0.02, 5e-4, 1e-4, 1e7, 1e4


def market() -> Market:
    """A seeded random walk with eight steps inside each bar and gaps on one bar in twenty."""
    rng = np.random.default_rng(7)
    path = np.cumsum(rng.standard_normal((BARS, 8)) * 0.0015 / np.sqrt(8), axis=1)
    gap = np.where(rng.random(BARS) < 0.05, rng.standard_normal(BARS) * 0.002, 0.0)
    first = np.concatenate([[0.0], np.cumsum(path[:, -1] + gap)[:-1]]) + gap
    low, high = first + np.minimum(path.min(axis=1), 0), first + np.maximum(path.max(axis=1), 0)
    prices = [100 * np.exp(one) for one in (first, high, low, first + path[:, -1])]
    values = np.stack([*prices, np.ones(BARS), np.zeros(BARS)], axis=1)[:, None, :]
    return Market(np.arange(BARS) * 300_000_000, ("X",), np.ascontiguousarray(values), Timeframe.parse("5m"))


def signals() -> tuple[np.ndarray, np.ndarray]:
    """Side entered on a bar (0 none), and whether the bar asks to leave."""
    rng = np.random.default_rng(11)
    entry = np.arange(BARS // BLOCK - 1) * BLOCK + 5 + rng.integers(0, 10, BARS // BLOCK - 1)
    side, leave = np.zeros(BARS, dtype=np.int8), np.zeros(BARS, dtype=bool)
    side[entry] = np.where(rng.random(len(entry)) < 0.5, 1, -1)
    leave[entry + HOLD] = True
    return side, leave


def main() -> None:
    """Check that the engines tell the same story, then time them."""
    import pandas as pd
    import vectorbt as vbt

    bars, (side, leave) = market(), signals()
    prices = {name: bars.column(name)[:, 0] for name in ("open", "high", "low", "close")}
    size = np.round(NOTIONAL / prices["open"])
    goal = np.where(side != 0, side * np.roll(size, -1), np.where(leave, 0.0, np.nan))[:, None]
    levels = {"stop": np.full((BARS, 1), STOP), "take": np.full((BARS, 1), TARGET)}
    plan = targets(goal, units=True, fractions=True, **levels)
    instruments = [Instrument("X", taker_fee=FEE, maker_fee=FEE, slippage=SLIPPAGE)]

    series = {name: pd.Series(values) for name, values in prices.items()}
    late = {
        name: pd.Series(np.concatenate([[False], values[:-1]]))
        for name, values in (("long", side == 1), ("short", side == -1), ("leave", leave))
    }

    def ours() -> np.ndarray:
        return simulate(bars, plan, instruments, CASH).equity

    def peer() -> np.ndarray:
        folio = vbt.Portfolio.from_signals(
            series["close"],
            entries=late["long"],
            exits=late["leave"],
            short_entries=late["short"],
            short_exits=late["leave"],
            price=series["open"],
            open=series["open"],
            high=series["high"],
            low=series["low"],
            size=pd.Series(size),
            size_type="amount",
            fees=FEE,
            slippage=SLIPPAGE,
            init_cash=CASH,
            sl_stop=STOP,
            tp_stop=TARGET,
            stop_entry_price="price",
            stop_exit_price="stopmarket",
            accumulate=False,
            freq="5min",
        )
        return folio.value().to_numpy()

    ends = {"alphaloop": float(ours()[-1]), "vectorbt": float(peer()[-1])}
    apart = abs(ends["alphaloop"] - ends["vectorbt"]) / abs(CASH - ends["vectorbt"])
    if apart > 0.01:
        raise SystemExit(f"the engines disagree: {ends}, {apart:.2%} of the profit and loss; no time is reported")
    found = interleaved({"alphaloop": ours, "vectorbt": peer})
    keep(
        "kernel",
        {
            "bars": BARS,
            "fills": len(simulate(bars, plan, instruments, CASH).rows),
            "ends": ends,
            "apart": apart,
            "bars_per_cpu_s": {name: BARS / one["cpu_s"] for name, one in found.items()},
            "bars_per_s": {name: BARS / one["wall_s"] for name, one in found.items()},
            "ratio_cpu": found["vectorbt"]["cpu_s"] / found["alphaloop"]["cpu_s"],
            "ratio_wall": found["vectorbt"]["wall_s"] / found["alphaloop"]["wall_s"],
            "peak_mib": peak_mib(),
            "vectorbt": vbt.__version__,
        },
    )


if __name__ == "__main__":
    main()
