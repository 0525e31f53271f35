"""The shipped checks catch what they promise to catch: one broken class per promise."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from alphaloop.core.account import Account
from alphaloop.core.conformance import (
    check_forecaster,
    check_observer,
    check_policy,
    check_risk_rule,
    check_venue,
    sample_cases,
    sample_market,
    sample_observations,
)
from alphaloop.core.decision import Action, Decision, Intent
from alphaloop.core.errors import NotFitted
from alphaloop.core.market import CLOSE, OPEN
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, OrderType, Reason

BUY = Intent(Action.BUY, 0.5)


@dataclass
class Good:
    """Buys the first symbol while its feature is high; each test breaks one thing."""

    name: str = "good"
    features: tuple[str, ...] = ("a", "b")
    seen: int = 0

    def reset(self, seed):
        self.seen = 0

    def decide(self, observation):
        self.seen += 1
        row, known = observation.column("a"), observation.mask[:, observation.features.index("a")]
        return Decision({observation.symbols[0]: BUY}) if known[0] and row[0] > 100 and self.seen % 3 else Decision()


def broken(**methods):
    return type("Broken", (Good,), methods)


def test_a_good_policy_passes():
    check_policy(Good)
    check_policy(Good, sample_observations(("a", "b"), rows=7, seed=5))


class Numbered(Good):
    """Remembers in its class how many were made, and acts on it."""

    made = 0

    def __init__(self):
        super().__init__()
        Numbered.made += 1
        self.mine = Numbered.made

    def decide(self, observation):
        return Decision({"AAA": replace(BUY, target=float(self.mine))})


def by_place(self, observation):
    return Decision({"AAA": BUY} if observation.values[0, 0] > 100 else {})


BROKEN_POLICIES = {
    "has name, features, reset and decide": lambda: SimpleNamespace(name="x"),
    "has a name": broken(__init__=lambda self: Good.__init__(self, name="")),
    "names its features once": broken(__init__=lambda self: Good.__init__(self, features=("a", "a"))),
    "returns a Decision": broken(decide=lambda self, one: None),
    "only on symbols it was shown": broken(decide=lambda self, one: Decision({"ZZZ": BUY})),
    "same again after reset": broken(reset=lambda self, seed: None),
    "keeps its state in itself": Numbered,
    "by name, not by place": broken(decide=by_place),
    "opens nothing while every feature is unknown": broken(decide=lambda self, one: Decision({"AAA": BUY})),
}


@pytest.mark.parametrize("promise", BROKEN_POLICIES)
def test_a_broken_policy_is_told_what_it_broke(promise):
    with pytest.raises(AssertionError, match=promise):
        check_policy(BROKEN_POLICIES[promise])


def test_a_policy_that_writes_into_its_observation_is_caught():
    shown = [one._replace(values=one.values.copy()) for one in sample_observations(("a", "b"), rows=9)]

    def scribble(self, one):
        one.values[0, 0] = 0.0
        return Decision()

    with pytest.raises(AssertionError, match="leaves the observation as it was"):
        check_policy(broken(decide=scribble), shown)


@dataclass
class Watcher:
    """Shows the last close; each test breaks one thing."""

    market: object
    delay: int = 1
    blank: float = np.nan
    frozen: bool = True
    asked: int = 0

    def observe(self, now, account):
        self.asked += 1
        step = self.market.timeframe.us
        row = int(np.searchsorted(self.market.ts + self.delay * step, now, "right")) - 1
        values = self.market.values[max(row, 0), :, CLOSE : CLOSE + 1].copy() if row >= 0 else np.full((3, 1), np.nan)
        mask = ~np.isnan(values)
        values[~mask] = self.blank
        for part in (values, mask):
            part.setflags(write=not self.frozen)
        return Observation(now, self.market.symbols, ("close",), values, mask, values[None], account, "watcher")


def test_a_good_observer_passes():
    check_observer(Watcher)
    check_observer(Watcher, sample_market(rows=9, seed=4))


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"delay": 0}, "before the first bar is complete"),
        ({"blank": 0.0}, "NaN where the mask is false"),
        ({"frozen": False}, "read-only"),
    ],
)
def test_a_broken_observer_is_told_what_it_broke(change, promise):
    with pytest.raises(AssertionError, match=promise):
        check_observer(lambda market: Watcher(market, **change))


def test_an_observer_that_peeks_is_caught():
    class Peeks(Watcher):
        def observe(self, now, account):
            seen = super().observe(now, account)
            best = np.full(seen.values.shape, np.nanmax(self.market.values[:, :, CLOSE]))
            values = np.where(seen.mask, best, np.nan)
            values.setflags(write=False)
            return seen._replace(values=values)

    with pytest.raises(AssertionError, match="when later bars change"):
        check_observer(Peeks)


def test_an_observer_with_moods_is_caught():
    class Moody(Watcher):
        def observe(self, now, account):
            seen = super().observe(now, account)
            values = seen.values + self.asked
            values.setflags(write=False)
            return seen._replace(values=values)

    with pytest.raises(AssertionError, match="whatever was asked before"):
        check_observer(Moody)


class Cap:
    """Cuts each intent's target to half the equity."""

    def apply(self, decision, account):
        for symbol, intent in decision.intents.items():
            if abs(intent.target) > 0.5:
                decision = decision.cut_to(symbol, 0.5 if intent.target > 0 else -0.5, "cap", intent.target, "test")
        return decision


def rule(change):
    """A rule that applies ``change`` to every intent."""

    def apply(decision, account):
        return replace(decision, intents={symbol: change(one) for symbol, one in decision.intents.items()})

    return lambda: SimpleNamespace(apply=apply)


def halved(decision, account):
    for symbol, intent in decision.intents.items():
        if intent.target:
            decision = decision.cut_to(symbol, intent.target / 2, "half", intent.target, "test")
    return decision


BROKEN_RULES = {
    "never raises exposure": rule(lambda one: replace(one, target=2 * one.target)),
    "never turns a position": rule(lambda one: Intent(Action.SELL, -one.target) if one.target > 0 else one),
    "never raises leverage": rule(lambda one: replace(one, leverage=50.0)),
    "records what it cut": rule(lambda one: Intent(Action.CLOSE)),
    "applied twice equals once": lambda: SimpleNamespace(apply=halved),
    "returns a Decision": lambda: SimpleNamespace(apply=lambda decision, account: None),
    "has apply": lambda: SimpleNamespace(),
}


def test_a_good_rule_passes():
    check_risk_rule(Cap)
    check_risk_rule(Cap, sample_cases(rows=5, seed=2))


@pytest.mark.parametrize("promise", BROKEN_RULES)
def test_a_broken_rule_is_told_what_it_broke(promise):
    with pytest.raises(AssertionError, match=promise):
        check_risk_rule(BROKEN_RULES[promise])


@dataclass
class Counter:
    """A venue that fills everything it is asked at the next open; each test breaks one thing."""

    symbols: tuple[str, ...]
    ledger: Account = field(default_factory=lambda: Account(Decimal(1000)))
    resting: dict = field(default_factory=dict)
    marks: dict = field(default_factory=dict)
    at: int = OPEN
    fee: float = 0.0

    def submit(self, orders):
        self.resting.update({order.symbol: order for order in orders})

    def on_bars(self, bars):
        fills = []
        for place, symbol in enumerate(self.symbols):
            order = self.resting.get(symbol)
            if order is not None and order.type is not OrderType.LIMIT:
                del self.resting[symbol]
                fills.append(self.fill(order, bars, bars.values[place]))
                self.ledger = self.ledger.apply(fills[-1])
        self.marks = dict(zip(self.symbols, bars.values[:, CLOSE].tolist(), strict=True))
        return tuple(fills)

    def fill(self, order, bars, row):
        return Fill(order.id, order.symbol, bars.ts, order.quantity, float(row[self.at]), Reason.MARKET, fee=0.1)

    def account(self):
        return self.ledger.view(self.symbols, self.marks, 0.0)


def altered(**fields):
    return type("Altered", (Counter,), {"fill": lambda self, *args: Counter.fill(self, *args)._replace(**fields)})


class Forgetful(Counter):
    """Leaves a filled order in the book."""

    def on_bars(self, bars):
        kept = dict(self.resting)
        fills = super().on_bars(bars)
        self.resting = kept
        return fills


class Generous(Counter):
    def account(self):
        seen = super().account()
        return seen._replace(equity=seen.equity + (1.0 if seen.quantity.any() else 0.0))


class Stubborn(Counter):
    def submit(self, orders):
        self.resting = {**{order.symbol: order for order in orders}, **self.resting}


class Eager(Counter):
    def on_bars(self, bars):
        self.resting = {symbol: replace(one, type=OrderType.MARKET, price=None) for symbol, one in self.resting.items()}
        return super().on_bars(bars)


class Leftover(Counter):
    def fill(self, order, bars, row):
        fill = super().fill(order, bars, row)
        return fill._replace(quantity=fill.quantity * 0.999) if order.reduce_only else fill


BROKEN_VENUES = {
    "fills no order in a bar known before it": altered(ts=0),
    "never fills an order twice": Forgetful,
    "conserves money": Generous,
    "replaces the resting order": Stubborn,
    "only where the price went": Eager,
    "to the last digit": Leftover,
    "begins with cash and no position": lambda symbols: Counter(symbols, Account(Decimal(0))),
    "symbols in the order given": lambda symbols: Counter(symbols[::-1]),
    "has on_bars, submit and account": lambda symbols: SimpleNamespace(),
}


def test_a_good_venue_passes():
    check_venue(Counter)


@pytest.mark.parametrize("promise", BROKEN_VENUES)
def test_a_broken_venue_is_told_what_it_broke(promise):
    with pytest.raises(AssertionError, match=promise):
        check_venue(BROKEN_VENUES[promise])


def newest(X, mask=None):
    """The newest row of each window, what is unknown at zero."""
    known = ~np.isnan(X) if mask is None else mask
    return np.where(known, X, 0.0)[:, -1]


class Linear:
    """Least squares on the newest row, with a band of fixed width."""

    weights = None

    def fit(self, X, y, mask=None):
        whole = ~np.isnan(y).any(axis=1)
        self.weights, *_ = np.linalg.lstsq(newest(X, mask)[whole], y[whole], rcond=None)
        return self

    def predict(self, X, mask=None):
        if self.weights is None:
            raise NotFitted("Linear")
        mean = newest(X, mask) @ self.weights
        return SimpleNamespace(mean=mean, quantile=lambda q: mean + (q - 0.5))


class Remembers(Linear):
    def fit(self, X, y, mask=None):
        before = 0.0 if self.weights is None else self.weights
        super().fit(X, y, mask)
        self.weights = self.weights + before
        return self


class Crowd(Linear):
    def predict(self, X, mask=None):
        mean = super().predict(X, mask).mean + 1e-3 * len(X)
        return SimpleNamespace(mean=mean, quantile=lambda q: mean + 2 * (q - 0.5))


class Crossed(Linear):
    def predict(self, X, mask=None):
        mean = super().predict(X, mask).mean
        return SimpleNamespace(mean=mean, quantile=lambda q: mean - q)


class Aloof(Linear):
    def predict(self, X, mask=None):
        mean = super().predict(X, mask).mean
        return SimpleNamespace(mean=mean, quantile=lambda q: mean + 9 + q)


class Silent(Linear):
    def fit(self, X, y, mask=None):
        super().fit(X, y, mask)


class Spoils(Linear):
    def fit(self, X, y, mask=None):
        super().fit(X, y, mask)
        X += 1.0
        return self


class Narrow(Linear):
    def predict(self, X, mask=None):
        return SimpleNamespace(mean=super().predict(X, mask).mean[:, 0], quantile=lambda q: None)


class Guesses(Linear):
    def predict(self, X, mask=None):
        if self.weights is None:
            return SimpleNamespace(mean=np.zeros((len(X), 2)), quantile=lambda q: np.zeros((len(X), 2)))
        return super().predict(X, mask)


class Average(Linear):
    def predict(self, X, mask=None):
        mean = 0.0 * super().predict(X, mask).mean + newest(X, mask)[:, 2:]
        return SimpleNamespace(mean=mean, quantile=lambda q: mean + q)


class Gullible(Linear):
    def fit(self, X, y, mask=None):
        return super().fit(X, y)

    def predict(self, X, mask=None):
        return super().predict(X)


class Literal(Linear):
    def fit(self, X, y, mask=None):
        return super().fit(np.nan_to_num(X, nan=5.0), y, mask)

    def predict(self, X, mask=None):
        return super().predict(np.nan_to_num(X, nan=5.0), mask)


BROKEN_FORECASTERS = {
    "forgets the previous fit": Remembers,
    "predicts each row by itself": Crowd,
    "ascending order": Crossed,
    "quantiles that mean something": Aloof,
    "returns itself from fit": Silent,
    "leaves its inputs as they were": Spoils,
    "a mean of shape": Narrow,
    "raises NotFitted": Guesses,
    "learns what its inputs tell": Average,
    "reads no masked value": Gullible,
    "takes NaN for unknown": Literal,
}


def test_a_good_forecaster_passes():
    check_forecaster(Linear)


@pytest.mark.parametrize("promise", BROKEN_FORECASTERS)
def test_a_broken_forecaster_is_told_what_it_broke(promise):
    with pytest.raises(AssertionError, match=promise):
        check_forecaster(BROKEN_FORECASTERS[promise])
