"""Every trade and the end equity, ours under a preset against the engine that it is named after.

    python parity.py [--bars 1000000] [--file BTCUSDT_5m.parquet] [--engines vectorbt,backtesting.py,jesse,freqtrade]

Not timed. Each engine runs in its own environment (see ``shared/peers.py``) on the same bars with the
same trades; then trades are laid side by side. The answer is one JSON document; the exit
status is 1 if anything differs. An engine that cannot be had is named with the reason.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.execution.simulator import layout as at
from alphaloop.execution.simulator.batch import BatchResult, simulate
from alphaloop.execution.simulator.presets import PRESETS
from alphaloop.execution.simulator.rules import FillRules
from shared.peers import Unavailable, ask
from shared.story import Story, trades, walk

ENGINES = {
    "vectorbt": "parity_vectorbt",
    "backtesting.py": "parity_backtesting",
    "jesse": "parity_jesse",
    "freqtrade": "parity_freqtrade",
}
ENVIRONMENTS = {"vectorbt": "vectorbt", "backtesting.py": "backtesting", "jesse": "jesse", "freqtrade": "freqtrade"}
FRACTIONS = ("vectorbt", "freqtrade")
"""Engines that want levels as fractions of the entry; the others take prices."""
CLOSE_ENOUGH = 1e-9
"""Relative, of prices and equity; profits are measured against the trade's notional."""


def ours(story: Story, rules: FillRules, *, fractions: bool) -> tuple[BatchResult, dict[str, np.ndarray]]:
    """Our run, and its trades: each opening fill with the one that closes it."""
    result = simulate(story.market, story.plan(fractions=fractions), story.instruments, story.cash, rules=rules)
    opens, closes = result.rows[0::2], result.rows[1::2]
    if not np.array_equal(opens[: len(closes), at.F_QUANTITY], -closes[:, at.F_QUANTITY]):
        raise SystemExit("fills do not alternate: the story is not one trade at a time")
    opens = opens[: len(closes)]
    quantity, fees = opens[:, at.F_QUANTITY], opens[:, at.F_FEE] + closes[:, at.F_FEE]
    return result, {
        "entry_bar": opens[:, at.F_BAR],
        "exit_bar": closes[:, at.F_BAR],
        "entry_price": opens[:, at.F_PRICE],
        "exit_price": closes[:, at.F_PRICE],
        "profit": quantity * (closes[:, at.F_PRICE] - opens[:, at.F_PRICE]) - fees,
        "reason": closes[:, at.F_REASON],
        "notional": np.abs(quantity) * opens[:, at.F_PRICE],
    }


def differences(mine: dict[str, np.ndarray], theirs: dict[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """Which trades differ, by what."""
    ended = theirs["exit_bar"]
    if name == "jesse":  # stamps a level's fill with the end of its candle, a market order's with the start of ours
        ended = ended - np.isin(mine["reason"], (at.R_STOP, at.R_TARGET))
    return {
        "entry_bar": mine["entry_bar"] != theirs["entry_bar"],
        "exit_bar": mine["exit_bar"] != ended,
        "entry_price": ~np.isclose(mine["entry_price"], theirs["entry_price"], rtol=CLOSE_ENOUGH, atol=0),
        "exit_price": ~np.isclose(mine["exit_price"], theirs["exit_price"], rtol=CLOSE_ENOUGH, atol=0),
        "profit": np.abs(mine["profit"] - theirs["profit"]) > CLOSE_ENOUGH * mine["notional"],
    }


def compare(story: Story, name: str, folder: Path, *words: str) -> dict[str, Any]:
    """One engine: how many trades were laid side by side, which differ, and both ends; what else it says."""
    story.save(folder / "story.npz")
    try:
        answer = ask(ENVIRONMENTS[name], ENGINES[name], str(folder / "story.npz"), str(folder / "trades.npz"), *words)
    except Unavailable as error:
        return {"unavailable": str(error)}
    theirs = dict(np.load(folder / "trades.npz"))
    result, mine = ours(story, PRESETS[name], fractions=name in FRACTIONS)
    ends = {"alphaloop": float(result.equity[-1]), name: answer["end"]}
    found: dict[str, Any] = {
        **{key: value for key, value in answer.items() if key != "end"},
        "bars": len(story.values),
        "trades": [len(mine["profit"]), len(theirs["profit"])],
        "exits": {at.REASONS[reason].value: int((mine["reason"] == reason).sum()) for reason in range(at.R_FUNDING)},
        "ends": ends,
        "end_equal": bool(abs(ends["alphaloop"] / answer["end"] - 1) <= CLOSE_ENOUGH),
    }
    if len(mine["profit"]) == len(theirs["profit"]):
        apart = differences(mine, theirs, name)
        which = np.flatnonzero(np.any(list(apart.values()), axis=0))
        found["differing"] = len(which)
        found["first"] = [shown(mine, theirs, trade) for trade in which[:5]]
    if len(theirs["equity"]) == len(result.equity):
        found["largest_equity_gap"] = float(np.abs(result.equity / theirs["equity"] - 1).max())
    found["equal"] = found["end_equal"] and found.get("differing") == 0
    return found


def shown(mine: dict[str, np.ndarray], theirs: dict[str, np.ndarray], trade: int) -> dict[str, list[float]]:
    """One trade, ours and theirs."""
    return {name: [float(mine[name][trade]), float(theirs[name][trade])] for name in mine if name in theirs}


def real_bars(path: Path) -> np.ndarray:
    """Open, high, low and close of a file of bars, in order of time; incomplete bars left out."""
    import polars as pl

    frame = pl.read_parquet(path).sort("ts").select("open", "high", "low", "close").drop_nulls()
    return frame.to_numpy().astype(np.float64)


def main() -> None:
    """Compare, print, and say by the exit status whether all are equal."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--bars", type=int, default=1_000_000)
    words.add_argument("--file", type=Path, help="real bars instead of synthetic ones")
    words.add_argument("--engines", default=",".join(ENGINES))
    chosen = words.parse_args()
    values, notional = walk(chosen.bars), 1e4
    if chosen.file is not None:
        values = real_bars(chosen.file)[: chosen.bars]
        notional = 100 * float(values[:, 0].max())  # whole units, which some engines insist on
    story, found = trades(values, notional), {}
    for name in chosen.engines.split(","):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = compare(story, name, Path(folder))
    print(json.dumps(found, indent=1))
    if any(one.get("equal") is False for one in found.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
