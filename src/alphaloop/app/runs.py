"""Runs: a backtest or a paper replay from options to files and figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.app.regimes import market_states
from alphaloop.app.report.inputs import Provenance, ReportInput
from alphaloop.app.report.write import write_report
from alphaloop.app.wiring import Options, Setup, play, prepare
from alphaloop.core.orders import Order
from alphaloop.core.protocols import Policy
from alphaloop.core.time import iso
from alphaloop.core.trace import Trace
from alphaloop.execution.paper import PaperVenue
from alphaloop.execution.simulator.rules import FillRules
from alphaloop.execution.simulator.venue import SimulatedVenue
from alphaloop.lake.audit import audit
from alphaloop.lake.table import Lake

TOLERANCE = 1e-9
"""Largest difference of paper from backtest, as a fraction of equity, that counts as equal."""

Progress = Callable[[int], None]
_PLAIN = str.maketrans(":+", "--")  # letters of a policy that not every file system takes


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run: its parts, its trace, and the summary a program reads."""

    setup: Setup
    trace: Trace
    summary: dict[str, Any]
    folder: Path


def backtest(lake: Lake, options: Options, reports: Path, command: str, progress: Progress | None = None) -> Run:
    """Run a policy through the simulator and write its report.

    Parameters
    ----------
    lake : Lake
    options : Options
    reports : Path
        The run's folder is made inside, named by policy and trace.
    command : str
        Printed in the report, so that a reader can repeat the run.
    """
    return backtest_of(lake, prepare(lake, options), reports, command, progress)


def backtest_of(lake: Lake, setup: Setup, reports: Path, command: str, progress: Progress | None = None) -> Run:
    """The same from parts already made; see :func:`backtest`."""
    trace = play(setup, SimulatedVenue, progress)
    return _write(lake, setup, trace, reports, command)


def replay(
    lake: Lake, options: Options, reports: Path, command: str, progress: Progress | None = None,
    policy: Policy | None = None,
) -> Run:  # fmt: skip
    """Run the same session through the paper venue, and hold it against the backtest.

    ``policy`` is as :func:`alphaloop.app.wiring.prepare` takes it.

    The summary gains ``max_equity_difference`` (fraction of equity), ``order_differences``
    (orders that are not equal) and ``equal``.
    """
    setup = prepare(lake, options, policy)
    simulated = play(setup, SimulatedVenue, progress)
    trace = play(setup, PaperVenue, progress)
    run = _write(lake, setup, trace, reports, command)
    run.summary.update(compare(simulated, trace))
    return run


def compare(simulated: Trace, paper: Trace) -> dict[str, Any]:
    """How far two runs of one session are apart."""
    gap = np.abs(simulated.equity - paper.equity) / np.maximum(np.abs(simulated.equity), 1e-300)
    largest = float(gap.max()) if len(gap) else 0.0
    orders = _order_differences(simulated, paper)
    return {
        "max_equity_difference": largest,
        "order_differences": orders,
        "orders": sum(len(event.orders) for event in paper.events),
        "fills": len(paper.fills),
        "equal": largest <= TOLERANCE and orders == 0,
    }


def _order_differences(simulated: Trace, paper: Trace) -> int:
    """Orders of either run without an equal one in the other; sizes are equal to the tolerance."""
    ours = {order.id: order for event in simulated.events for order in event.orders}
    theirs = {order.id: order for event in paper.events for order in event.orders}
    both = ours.keys() & theirs.keys()
    unequal = sum(not _same(ours[identity], theirs[identity]) for identity in both)
    return unequal + len(ours.keys() ^ theirs.keys())


def _same(one: Order, other: Order) -> bool:
    sizes = abs(one.quantity - other.quantity) <= TOLERANCE * max(abs(one.quantity), abs(other.quantity))
    return sizes and replace(one, quantity=other.quantity) == other


def _write(lake: Lake, setup: Setup, trace: Trace, reports: Path, command: str) -> Run:
    digest = trace.digest()
    provenance = Provenance(
        data_kind=setup.data_kind,
        costs=setup.words(),
        audit=_audited(lake, setup),
        trace_hash=digest,
        command=command,
    )
    folder = reports / f"{setup.options.policy.translate(_PLAIN)}-{digest[:10]}"
    report = ReportInput.of_trace(trace, setup.market, provenance)
    states = market_states(lake, setup.market)
    # the oracle fills by the default rules, at once and any size: a run by others is not held against it
    asked = setup.options
    plain = asked.rules == FillRules() and asked.participation is None and asked.latency_us == 0
    costs = setup.instruments if plain else ()
    files = write_report(replace(report, instruments=costs, states=states), folder)
    now = trace.now
    summary: dict[str, Any] = {
        "policy": setup.options.policy,
        "symbols": list(setup.market.symbols),
        "venues": setup.market.sources,
        "timeframe": str(setup.market.timeframe),
        "start": iso(int(setup.market.ts[0])),
        "end": iso(int(now[-1])),
        "bars": len(trace),
        "data_kind": setup.data_kind,
        "assumed": setup.words(),
        "cuts": sum(len(event.allowed.cuts) for event in trace.events),
        "metrics": files.metrics,
        "report_file": str(files.page),
        "equity_file": str(files.equity),
        "trades_file": str(files.trades),
        "trace_hash": digest,
    }
    return Run(setup, trace, summary, folder)


def _audited(lake: Lake, setup: Setup) -> list[dict[str, object]]:
    """The audit rows of exactly the series the run used."""
    market = setup.market
    window = {"start": int(market.ts[0]), "end": int(market.ts[-1]) + market.timeframe.us}
    rows = audit(lake, symbols=market.symbols, tables=["market_bars", "funding_rates"], **window)
    return [
        row.as_dict()
        for row in rows
        if row.timeframe in (None, str(market.timeframe)) and row.venue in (None, *market.sources.values())
    ]
