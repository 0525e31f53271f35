"""Observations written by hand: one dictionary of features per symbol, positions beside it."""

from math import nan

import numpy as np

from alphaloop.core.account import AccountView
from alphaloop.core.decision import Action
from alphaloop.core.observation import Observation


def account(symbols, quantity, equity=1000.0, marks=None) -> AccountView:
    size = len(symbols)
    marks = np.full(size, 100.0) if marks is None else np.array(marks, dtype=float)
    return AccountView(
        tuple(symbols), equity, equity, equity, np.array(quantity, dtype=float), np.zeros(size), marks, np.zeros(size)
    )


def seen(
    policy, rows: dict[str, dict[str, float] | None], held: dict[str, float] | None = None, **named
) -> Observation:
    """What ``policy`` sees: a feature left out, or a symbol that is None, is unknown. Close is 100 unless given."""
    symbols, features = tuple(rows), tuple(policy.features)
    values = np.array(
        [[nan if row is None else {"close": 100.0, **row}.get(name, nan) for name in features] for row in rows.values()]
    ).reshape(len(symbols), len(features))
    view = account(symbols, [(held or {}).get(symbol, 0.0) for symbol in symbols], **named)
    return Observation(0, symbols, features, values, ~np.isnan(values), values[None], view, "test")


def sides(decision) -> dict[str, str]:
    """Symbol to action, holds left out."""
    return {symbol: str(intent.action) for symbol, intent in decision.intents.items() if intent.action != Action.HOLD}
