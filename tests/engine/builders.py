"""Recording stand-ins for the five parts of a session, and small markets."""

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.decision import HOLD, Decision
from alphaloop.core.market import Bars, Instrument, Market
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order
from alphaloop.core.time import MINUTE_US, Timeframe
from alphaloop.core.trace import Header, Trace
from alphaloop.engine.feeds import ReplayFeed
from alphaloop.engine.session import Session


def make_market(*closes: float, symbol: str = "X") -> Market:
    """Minute bars that open at the last close and go one beyond either end."""
    opens = (closes[0], *closes[:-1])
    rows = [(o, max(o, c) + 1, min(o, c) - 1, c, 1.0, 0.0) for o, c in zip(opens, closes, strict=True)]
    return Market(np.arange(len(rows)) * MINUTE_US, (symbol,), np.array(rows)[:, None, :], Timeframe(MINUTE_US))


def make_header(policy: str = "test", symbols: tuple[str, ...] = ("X",), seed: int = 0) -> Header:
    return Header(policy, symbols, "1m", seed, "", "", "", "0")


class Parts:
    """Venue, observer, policy and risk in one, writing down every call and its arguments."""

    name = "recorder"
    features = ()

    def __init__(self, decisions: dict[int, Decision] | None = None) -> None:
        self.calls: list[tuple[str, object]] = []
        self.decisions = decisions or {}
        self.submitted: list[tuple[Order, ...]] = []
        self.observation: Observation | None = None

    def reset(self, seed: int) -> None:
        self.calls.append(("reset", seed))

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]:
        self.calls.append(("on_bars", bars.ts))
        self.now, self.mark = bars.available_at, float(bars.values[0, 3])
        return ()

    def account(self) -> AccountView:
        self.calls.append(("account", None))
        arrays = (np.array([value]) for value in (0.0, 0.0, self.mark, 0.0))
        self.view = AccountView(("X",), 1000.0, 1000.0, 1000.0, *arrays)
        return self.view

    def observe(self, now: int, account: AccountView) -> Observation:
        self.calls.append(("observe", (now, account is self.view)))
        empty = np.zeros((1, 0))
        self.observation = Observation(now, ("X",), (), empty, empty > 0, empty[None], account, "")
        return self.observation

    def decide(self, observation: Observation) -> Decision:
        self.calls.append(("decide", observation is self.observation))
        return self.decisions.get(observation.now, HOLD)

    def apply(self, decision: Decision, account: AccountView) -> Decision:
        self.calls.append(("apply", account is self.view))
        return decision

    def submit(self, orders: tuple[Order, ...]) -> None:
        self.calls.append(("submit", len(orders)))
        self.submitted.append(orders)


class Ledger(Trace):
    """A trace that tells the parts when it records."""

    def __init__(self, header: Header, parts: Parts) -> None:
        super().__init__(header)
        self.parts = parts
        self.steps: list[object] = []

    def record(self, step: object) -> None:
        self.parts.calls.append(("record", step.now))
        self.steps.append(step)
        super().record(step)


def session_of(parts: Parts, market: Market, seed: int = 0, band: float = 0.0) -> Session:
    """A session in which ``parts`` plays everyone but the feed."""
    trace = Ledger(make_header(seed=seed), parts)
    return Session(ReplayFeed(market), parts, parts, parts, parts, {"X": Instrument("X")}, trace, band)
