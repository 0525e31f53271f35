"""The Python session loop: bars per second of one policy, one symbol and ten, simulator and paper.

Everything a backtest does is in it: features looked up, risk rules applied, every step
recorded and digested. "trivial" holds; "brackets" enters with stop and target every 50 bars.
"""

import time

import numpy as np

from _rounds import keep, peak_mib
from alphaloop.core.decision import HOLD, Action, Decision, Intent
from alphaloop.core.market import Instrument, Market
from alphaloop.core.observation import Observation
from alphaloop.core.time import Timeframe
from alphaloop.core.trace import Header, Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session, run
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.features.contract import Schema
from alphaloop.features.view import MarketView
from alphaloop.risk.chain import Limits, chain_of

BARS, EVERY = 200_000, 50


class Brackets:
    """Turns its position every ``every`` bars (never when 0), with a stop and a target."""

    name = "brackets"
    features = ("close",)

    def __init__(self, every: int) -> None:
        self.every = every

    def reset(self, seed: int) -> None:  # noqa: ARG002 - the protocol's argument
        """Count anew."""
        self.count = 0

    def decide(self, observation: Observation) -> Decision:
        """Hold, or turn."""
        self.count += 1
        if not self.every or self.count % self.every:
            return HOLD
        side = 1 if (self.count // self.every) % 2 else -1
        action, share = (Action.BUY if side > 0 else Action.SELL), side * 0.5 / len(observation.symbols)
        prices = zip(observation.symbols, observation.account.mark_price.tolist(), strict=True)
        return Decision(
            {
                symbol: Intent(
                    action, share, stop_loss=price * (1 - 0.01 * side), take_profit=price * (1 + 0.02 * side)
                )
                for symbol, price in prices
            }
        )


def market(assets: int) -> Market:
    """Seeded random walks."""
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.standard_normal((BARS, assets)) * 0.001, axis=0))
    first = np.concatenate([np.full((1, assets), 100.0), close[:-1]])
    high, low = np.maximum(first, close) * 1.0005, np.minimum(first, close) * 0.9995
    values = np.stack([first, high, low, close, np.ones_like(close), np.zeros_like(close)], axis=2)
    symbols = tuple(f"S{asset}" for asset in range(assets))
    return Market(np.arange(BARS) * 300_000_000, symbols, np.ascontiguousarray(values), Timeframe.parse("5m"))


def speed(bars: Market, every: int, venue: type[SimulatedVenue] | type[PaperVenue]) -> float:
    """Bars per second of one session."""
    instruments = [Instrument(symbol) for symbol in bars.symbols]
    trace = Trace(Header("brackets", bars.symbols, "5m", 0, "", "", "", "0"))
    by_name = {one.symbol: one for one in instruments}
    observer, chain = MarketView(bars, Schema(["close"])), chain_of(Limits())
    session = Session(ReplayFeed(bars), venue(instruments, 1e4), observer, Brackets(every), chain, by_name, trace)
    started = time.perf_counter()
    run(session)
    return len(bars) / (time.perf_counter() - started)


def main() -> None:
    """Three rounds of each, the median kept."""
    one, ten = market(1), market(10)
    speed(one, EVERY, SimulatedVenue)
    cases = {
        "trivial, 1 symbol, simulator": (one, 0, SimulatedVenue),
        "brackets, 1 symbol, simulator": (one, EVERY, SimulatedVenue),
        "brackets, 1 symbol, paper": (one, EVERY, PaperVenue),
        "brackets, 10 symbols, simulator": (ten, EVERY, SimulatedVenue),
    }
    rounds = [{name: speed(*case) for name, case in cases.items()} for _ in range(3)]
    figures = {name: float(np.median([found[name] for found in rounds])) for name in cases}
    keep("session", {"bars": BARS, "bars_per_s": figures, "peak_mib": peak_mib()})


if __name__ == "__main__":
    main()
