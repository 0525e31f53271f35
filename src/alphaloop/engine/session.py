"""THE loop. Backtest, paper and live are this function with other parts plugged in."""

from collections.abc import Mapping
from dataclasses import dataclass

from alphaloop.core.account import orders_to_reach
from alphaloop.core.market import Instrument
from alphaloop.core.protocols import Feed, Observer, Policy, RiskRule, Venue
from alphaloop.core.trace import Step, Trace


@dataclass(frozen=True, slots=True)
class Session:
    """What one run needs; nothing in it says which world it is.

    Parameters
    ----------
    feed, venue, observer, policy, risk : the five parts, by their protocols
    instruments : mapping of symbol to Instrument
    trace : Trace
        Where every step is recorded.
    band : float, fraction of equity
        Changes of a target smaller than this are not traded.
    """

    feed: Feed
    venue: Venue
    observer: Observer
    policy: Policy
    risk: RiskRule
    instruments: Mapping[str, Instrument]
    trace: Trace
    band: float = 0.0


def run(session: Session) -> Trace:
    """Drive one policy through one feed, recording every step.

    The order of the lines is the honesty of the backtest: orders meet only bars
    that became known after they were submitted.
    """
    venue, observer, policy, risk = session.venue, session.observer, session.policy, session.risk
    record, instruments, band = session.trace.record, session.instruments, session.band
    policy.reset(session.trace.header.seed)
    for bars in session.feed:
        now = bars.available_at
        fills = venue.on_bars(bars)
        account = venue.account()
        observation = observer.observe(now, account)
        proposed = policy.decide(observation)
        allowed = risk.apply(proposed, account)
        orders = orders_to_reach(allowed, account, instruments, now, band)
        venue.submit(orders)
        record(Step(now, observation, proposed, allowed, orders, fills, account))
    return session.trace
