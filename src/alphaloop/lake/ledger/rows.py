"""A trace as rows: the decisions that moved something, the orders, the fills.

A decision is kept where an order followed from it or a risk rule cut it; a step on which
nothing happened leaves no row. What equals its default is left out of the JSON.
"""

import json
from collections.abc import Iterator
from dataclasses import MISSING, asdict, fields
from typing import Any

from alphaloop.core.decision import Decision, Intent, Vote
from alphaloop.core.orders import Fill, Order, Terms
from alphaloop.core.trace import Trace

Row = tuple[Any, ...]

DECISION = ("at", "symbol", "proposed", "allowed", "cuts", "votes")
ORDER = ("id", "symbol", "at", "quantity", "type", "price", "terms")
FILL = (
    "n", "order_id", "symbol", "at", "reason", "quantity", "price", "fee", "slippage", "funding", "shortfall",
    "leverage",
)  # fmt: skip
TABLES = {"decisions": DECISION, "orders": ORDER, "fills": FILL}

_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=asdict).encode
_IN_COLUMNS = {"id", "symbol", "created_at", "quantity", "type", "price"}


def rows_of(trace: Trace) -> dict[str, list[Row]]:
    """Rows of the three tables, by table, oldest first."""
    now = trace.now
    orders = [order for event in trace.events for order in event.orders]
    return {
        "decisions": [row for event in trace.events for row in _decisions(int(now[event.step]), event)],
        "orders": [_order(order) for order in orders],
        "fills": [_fill(n, fill) for n, fill in enumerate(trace.fills)],
    }


def _decisions(at: int, event: Any) -> Iterator[Row]:
    proposed: Decision = event.proposed
    allowed: Decision = event.allowed
    moved = [order.symbol for order in event.orders] + [cut.symbol for cut in allowed.cuts]
    for symbol in dict.fromkeys(moved):
        wanted, given = proposed.intents.get(symbol), allowed.intents.get(symbol)
        told = _intent(wanted)
        cuts = [[cut.rule, cut.what, cut.before, cut.after, cut.reason] for cut in allowed.cuts if cut.symbol == symbol]
        votes = [vote for vote in (_vote(one, symbol) for one in proposed.votes) if vote is not None]
        yield (
            at,
            symbol,
            told,
            told if given is wanted else _intent(given),
            _json(cuts) if cuts else None,
            _json(votes) if votes else None,
        )


def _vote(vote: Vote, symbol: str) -> list[Any] | None:
    intent = vote.intents.get(symbol)
    if intent is None and not vote.abstained:
        return None
    return [vote.source, None if intent is None else intent.target, vote.abstained]


def _intent(intent: Intent | None) -> str | None:
    if intent is None:
        return None
    found = {name: getattr(intent, name) for name, usual in _INTENT if getattr(intent, name) != usual}
    if "timeframes" in found:
        found["timeframes"] = dict(found["timeframes"])
    if "terms" in found:
        found["terms"] = {name: value for name, usual in _WORKED if (value := getattr(intent.terms, name)) != usual}
    return _json(found)


def _order(order: Order) -> Row:
    terms = {name: getattr(order, name) for name, usual in _TERMS if getattr(order, name) != usual}
    price = None if order.price is None else float(order.price)
    told = _json(terms) if terms else None
    return (order.id, order.symbol, order.created_at, float(order.quantity), str(order.type), price, told)


def _fill(n: int, fill: Fill) -> Row:
    money = (fill.quantity, fill.price, fill.fee, fill.slippage, fill.funding, fill.shortfall, fill.leverage)
    return (n, fill.order_id, fill.symbol, int(fill.ts), str(fill.reason), *map(float, money))


def _usual(kind: type) -> tuple[tuple[str, Any], ...]:
    """Names of a record's fields and what they are if nobody says otherwise."""
    return tuple(
        (one.name, one.default_factory() if one.default_factory is not MISSING else one.default)
        for one in fields(kind)
        if one.name not in _IN_COLUMNS or kind is Intent
    )


_INTENT = _usual(Intent)
_TERMS = _usual(Order)
_WORKED = _usual(Terms)
