"""The seams of the house: what each replaceable part must do, and no more.

Backtest, paper and live differ in which parts are plugged in. Each protocol has a
check in :mod:`alphaloop.core.conformance` that runs over every implementation.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Decision
from alphaloop.core.market import Bars, Bools, Floats
from alphaloop.core.observation import Observation
from alphaloop.core.orders import Fill, Order


@runtime_checkable
class Feed(Protocol):
    """Bars in the order they became known."""

    def __iter__(self) -> Iterator[Bars]: ...


@runtime_checkable
class Observer(Protocol):
    """Makes the observation of ``now`` from facts available at or before it."""

    def observe(self, now: int, account: AccountView) -> Observation: ...


@runtime_checkable
class Policy(Protocol):
    """Turns an observation into a decision. All state starts afresh at ``reset``.

    One that reads ``Observation.frames`` or ``.regimes`` has an attribute ``words`` that is true.
    """

    @property
    def name(self) -> str: ...

    @property
    def features(self) -> tuple[str, ...]:
        """Feature columns it reads; the observer must provide them."""
        ...

    def reset(self, seed: int) -> None: ...

    def decide(self, observation: Observation) -> Decision: ...


@runtime_checkable
class RiskRule(Protocol):
    """Takes exposure away, never adds any; applied twice equals once."""

    def apply(self, decision: Decision, account: AccountView) -> Decision: ...


@runtime_checkable
class Venue(Protocol):
    """Fills orders. Orders submitted now meet only bars that come later.

    A new order for a symbol replaces the symbol's resting order, if any.
    """

    def on_bars(self, bars: Bars) -> tuple[Fill, ...]: ...

    def submit(self, orders: Sequence[Order]) -> None: ...

    def account(self) -> AccountView: ...


@runtime_checkable
class Forecast(Protocol):
    """A predicted distribution, whatever made it. N samples, H horizons."""

    @property
    def mean(self) -> Floats:
        """Expected value, shape (N, H)."""
        ...

    def quantile(self, q: float) -> Floats:
        """The ``q``-quantile, shape (N, H)."""
        ...


@runtime_checkable
class Forecaster(Protocol):
    """Fits windows, predicts distributions. ``fit`` forgets the previous fit.

    ``X`` has shape (N, L, F): N samples, each with L rows of history, the newest last, of F
    features. ``y`` has shape (N, H); NaN where a label is missing. ``mask`` (N, L, F) is true
    where a value is known; without one, what is not NaN is known. A value that is not known
    changes nothing, whatever number stands there.

    Raises :class:`~alphaloop.core.errors.NotFitted` when asked before it was fitted.
    """

    def fit(self, X: Floats, y: Floats, mask: Bools | None = None) -> "Forecaster": ...

    def predict(self, X: Floats, mask: Bools | None = None) -> Forecast: ...
