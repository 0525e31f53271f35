"""Sweeps and preferences: many terms for the same entries, and the best and worst of each entry.

A grid shares its entries, so every further combination is one more candidate of a bar whose
tables already stand.
"""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import polars as pl

from alphaloop.core.errors import InvalidOption, SchemaViolation
from alphaloop.core.market import Floats, Ints
from alphaloop.execution.simulator.candidates.columns import Table, column, names_of
from alphaloop.execution.simulator.candidates.costs import Costs
from alphaloop.execution.simulator.candidates.run import DEFAULT
from alphaloop.execution.simulator.candidates.tape import Tape, prepare
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.hindsight.outcomes import label_candidates

AXES = ("stop", "target", "leverage", "horizon")


def sweep(
    bars: Table | Tape,
    entries: Table,
    grid: Mapping[str, Sequence[float]],
    *,
    costs: Costs,
    rules: FillRules = DEFAULT,
    threads: int = 1,
) -> pl.DataFrame:
    """Every entry under every combination of a grid.

    Parameters
    ----------
    bars : mapping of arrays, polars frame, or Tape
    entries : mapping of arrays, or a polars frame
        ``bar`` (N,) and ``side`` (N,); optional ``limit`` and ``notional`` (N,).
    grid : mapping
        Values of ``stop``, ``target``, ``leverage`` and ``horizon``; a horizon is needed, NaN is
        no level, and what is left out is no level and leverage 1.
    costs, rules, threads
        As :func:`alphaloop.hindsight.outcomes.label_candidates` takes them.

    Returns
    -------
    polars frame, N x combinations rows
        ``entry`` (position in ``entries``), the four axes, then the columns of
        :meth:`alphaloop.hindsight.outcomes.Outcomes.frame`. By horizon, then entry, then
        the other axes in the grid's order.

    Raises
    ------
    InvalidOption
        If the grid has another axis, an empty one, or no horizon.

    Examples
    --------
    >>> bars = {"open": [9.0, 10.0], "high": [10.0, 11.0], "low": [8.0, 10.0], "close": [9.0, 10.5]}
    >>> found = sweep(bars, {"bar": [0], "side": [1]}, {"target": [0.02, 0.2], "horizon": [1]},
    ...               costs=Costs(0.0, 0.0, 0.0))
    >>> found["reason"].to_list(), found["net_return"].round(3).to_list()
    (['target', 'horizon'], [0.02, 0.05])
    """
    if not set(grid) <= set(AXES) or "horizon" not in grid or any(len(values) == 0 for values in grid.values()):
        raise InvalidOption(f"a grid of {dict(grid)}", f"values for some of {AXES}, horizon among them", "")
    tape = bars if isinstance(bars, Tape) else prepare(bars)
    missing: dict[str, Sequence[float]] = {"stop": [np.nan], "target": [np.nan], "leverage": [1.0]}
    parts = np.array(list(product(*((missing | dict(grid))[name] for name in AXES[:3]))), dtype=np.float64)
    size = len(column(entries, "bar", np.int64))
    each = {name: np.repeat(np.asarray(entries[name]), len(parts)) for name in _own(entries)}
    each |= {name: np.tile(parts[:, place], size) for place, name in enumerate(AXES[:3])}
    found = []
    for horizon in grid["horizon"]:
        if horizon != int(horizon):
            raise InvalidOption(f"horizon {horizon}", "whole bars", "round it")
        made = label_candidates(tape, each, costs=costs, horizon=int(horizon), rules=rules, threads=threads).frame()
        axes = {"entry": np.repeat(np.arange(size), len(parts))} | {name: each[name] for name in AXES[:3]}
        found.append(pl.DataFrame(axes).with_columns(horizon=pl.lit(int(horizon))).hstack(made))
    return pl.concat(found)


def _own(entries: Table) -> list[str]:
    wrong = names_of(entries) & set(AXES)
    if wrong:
        raise SchemaViolation(f"entries with {sorted(wrong)}", "bar, side, limit, notional", "put them into the grid")
    return [name for name in ("bar", "side", "limit", "notional") if name in names_of(entries)]


def best_of(group: Ints, net_return: Floats, *, margin: float = 0.0) -> pl.DataFrame:
    """The best and the worst candidate of each group: pairs to learn preferences from.

    Parameters
    ----------
    group : int array, shape (K,)
        What the candidates answer: their bar, or a number of the question.
    net_return : float array, shape (K,)
    margin : float, fraction of margin, >= 0
        A pair whose returns differ by no more teaches nothing and is left out.

    Returns
    -------
    polars frame, one row per pair, by group
        ``group``, ``chosen`` and ``rejected`` (positions in the input; of equals the first), and
        ``gap``, by how much the chosen one is better.

    Raises
    ------
    InvalidOption
        If ``margin`` is negative.
    SchemaViolation
        If the columns differ in length, or a return is NaN.

    Examples
    --------
    >>> best_of(np.array([7, 7, 7, 8]), np.array([0.1, -0.2, 0.3, 0.1])).rows()
    [(7, 2, 1, 0.5)]
    """
    if not 0 <= margin < np.inf:
        raise InvalidOption(f"margin {margin}", "zero or more", "0.01 is one percent of the margin committed")
    table = {"group": group, "net": net_return}
    groups = column(table, "group", np.int64)
    values = column(table, "net", np.float64, len(groups))
    if bool(np.isnan(values).any()):
        raise SchemaViolation("a net return that is NaN", "numbers", "label the candidates first")
    first = np.arange(len(groups))
    order = np.lexsort((first, -values, groups))
    back = np.lexsort((first, values, groups))
    edges = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] - 1)) if len(order) else order
    chosen, rejected = order[edges], back[edges]
    found = pl.DataFrame(
        {"group": groups[chosen], "chosen": chosen, "rejected": rejected, "gap": values[chosen] - values[rejected]}
    )
    return found.filter(pl.col("gap") > margin)
