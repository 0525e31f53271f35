"""A simulated market into the lake, and what was planted in it, in words."""

from typing import Any

from alphaloop.lake.sources.simulated import SYMBOLS, SimulatedMarket, simulate, truth
from alphaloop.lake.table import Lake


def simulate_into(lake: Lake, market: SimulatedMarket, *, now: int) -> dict[str, Any]:
    """Append every table of ``market`` to the lake; the same market twice writes nothing.

    Returns
    -------
    dict
        ``tables``: one write report each; ``truth``: what is planted and what the optimum earns.
    """
    reports = [lake.append(name, frame, ingested_at=now) for name, frame in simulate(market).items()]
    rows = [
        {
            "table": one.table,
            "read": one.read,
            "written": one.written,
            "duplicate": one.duplicate,
            "quarantined": one.quarantined,
            "version": one.version,
        }
        for one in reports
    ]
    return {"tables": rows, "truth": truth(market).summary()}


def market_of(symbols: tuple[str, ...], days: int, timeframe: str, seed: int, null: bool) -> SimulatedMarket:
    """The market a user asked for; ten symbols when none are named."""
    return SimulatedMarket(symbols=symbols or SYMBOLS, days=days, timeframe=timeframe, seed=seed, null=null)
