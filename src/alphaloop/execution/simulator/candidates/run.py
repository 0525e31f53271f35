"""From checked columns to results: which compiled way answers, and what it is handed."""

from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

import numpy as np

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Instrument, MarginTier
from alphaloop.execution.simulator import layout
from alphaloop.execution.simulator.candidates.columns import Table, column, names_of, optional
from alphaloop.execution.simulator.candidates.compiled import bad_candidate, label, sorted_by_bar
from alphaloop.execution.simulator.candidates.costs import Costs
from alphaloop.execution.simulator.candidates.records import FIGURES, Candidates, Results, Terms
from alphaloop.execution.simulator.candidates.tape import Tape
from alphaloop.execution.simulator.rules import FillRules, Kind, Rounding

DEFAULT = FillRules()
UNMET = frozenset({Kind.MARKET_EXIT, Kind.STOP_ENTRY})  # a candidate has no such order

Run = Callable[[Results, tuple[int, int]], bool]
"""Fills the rows of results from one place to another; says whether all its candidates could be."""


def runner(tape: Tape, batch: Candidates, costs: Costs, horizon: int, rules: FillRules) -> Run:
    """What fills rows of results: the fast stages under the default rules, the kernel itself under others.

    Places of the fast stages are by bar, so that neighbours share their window; else they are rows.

    Raises
    ------
    InvalidOption
        As :func:`kernel_runner` does, under other rules.
    """
    if what_matters(rules) == PLAIN and len(tape.bars.mark_low) == 0:
        fees = (costs.taker_fee, costs.maker_fee, costs.liquidation_fee, costs.slippage)
        terms = Terms(horizon, *fees, costs.tiers(), tape.tick > 0)
        order = sorted_by_bar(batch.bar, len(tape))
        return lambda results, span: label(tape.bars, batch, terms, results, order, span)
    return kernel_runner(tape, batch, costs, horizon, rules)


def kernel_runner(tape: Tape, batch: Candidates, costs: Costs, horizon: int, rules: FillRules) -> Run:
    """The portfolio kernel, one candidate at a time, under any rules.

    Raises
    ------
    InvalidOption
        If the rules round levels and the tape has no tick, or a candidate cannot be.
    """
    from alphaloop.execution.simulator.candidates import replayed

    if rules.rounding is not Rounding.NONE and not tape.tick:
        raise InvalidOption(f"rounding {rules.rounding} without a tick", "a tape with one", "prepare(bars, tick=...)")
    instrument = Instrument(
        "X",
        tick=Decimal(1),
        lot=Decimal("1e-12"),
        taker_fee=costs.taker_fee,
        maker_fee=costs.maker_fee,
        liquidation_fee=costs.liquidation_fee,
        slippage=costs.slippage,
        margin_tiers=costs.margin_tiers or (MarginTier(np.inf, costs.maintenance_rate),),
    )
    refuse(batch, tape)
    fresh = layout.new_state((instrument,), rules)
    last = costs.slippage if Kind.HORIZON in rules.slips else 0.0
    terms = Terms(horizon, costs.taker_fee, costs.maker_fee, costs.liquidation_fee, last, costs.tiers(), tape.tick > 0)

    def run(results: Results, span: tuple[int, int]) -> bool:
        replayed.label(tape.bars, batch, terms, results, np.arange(*span), fresh)
        return True

    return run


@lru_cache
def what_matters(rules: FillRules) -> tuple[object, ...]:
    """The rules without those that no single trade can meet: queued exits, and signals in a stop's bar."""
    return (*rules.codes._replace(queued=0, stop_bar_signal=0), rules.slips - UNMET)


PLAIN = what_matters(DEFAULT)


def empty_results(count: int) -> Results:
    """Room for ``count`` outcomes."""
    return Results(np.empty((len(FIGURES), count)), np.empty(count, np.int64), np.empty(count, np.int8))


def columns_of(table: Table, tape: Tape, costs: Costs) -> Candidates:
    """Candidates as plain arrays; whether each can be is not asked here.

    Raises
    ------
    SchemaViolation
        If a column is missing, of another length, or no numbers.
    """
    bar = column(table, "bar", np.int64)
    count = len(bar)
    side = column(table, "side", np.int8, count)
    stop, target, leverage = (column(table, name, np.float64, count) for name in ("stop", "target", "leverage"))
    limit, notional = (optional(table, name, np.float64, count) for name in ("limit", "notional"))
    if costs.margin_tiers and "notional" not in names_of(table):
        raise SchemaViolation("margin tiers without 'notional'", "'notional' (K,), quote currency", "add the column")
    if tape.tick and len(limit):
        limit = limit / tape.tick
    return Candidates(bar, side, stop, target, leverage, limit, notional)


def refuse(batch: Candidates, tape: Tape) -> None:
    """Name the first candidate that cannot be, if there is one.

    Raises
    ------
    InvalidOption
        If it is off the tape, or has no side, a leverage or a level that cannot be.
    """
    k = bad_candidate(batch, len(tape))
    if k >= 0:
        raise InvalidOption(
            f"candidate {k}: bar {batch.bar[k]}, side {batch.side[k]}, stop {batch.stop[k]}, "
            f"target {batch.target[k]}, leverage {batch.leverage[k]}",
            f"a bar from 0 to {len(tape) - 1}, side +1 or -1, stop and target fractions >= 0 or NaN, leverage > 0",
            "correct the candidate",
        )
