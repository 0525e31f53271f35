"""A simulated market into the lake, and what was planted in it, in words."""

from dataclasses import fields, replace
from typing import Any

from alphaloop.core.errors import InvalidOption
from alphaloop.core.time import Timeframe
from alphaloop.lake.sources.simulated import (
    NOTHING,
    STEADY,
    SYMBOLS,
    Effects,
    SimulatedMarket,
    attainable_ic,
    simulate,
    truth,
)
from alphaloop.lake.table import Lake

HORIZONS = (1, 2, 4, 6, 12, 24, 48)
"""Bars ahead for which the best attainable correlation is stated."""


def simulate_into(lake: Lake, market: SimulatedMarket, *, now: int) -> dict[str, Any]:
    """Append every table of ``market`` to the lake; the same market twice writes nothing.

    Returns
    -------
    dict
        ``tables``: one write report each; ``truth``: what is planted, what the optimum earns, and ``attainable_ic``
        by horizon and symbol, none where the law has no closed form.
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
    return {"tables": rows, "truth": {**truth(market).summary(), "attainable_ic": attainable(market)}}


def attainable(market: SimulatedMarket) -> dict[str, dict[str, float]] | None:
    """The best correlation of a forecast with each symbol's return, by horizon; none where nobody can say."""
    try:
        found = {bars: attainable_ic(market, bars) for bars in HORIZONS}
    except InvalidOption:
        return None
    return {
        str(Timeframe(bars * market.interval.us)): dict(zip(market.symbols, ic.tolist(), strict=True))
        for bars, ic in found.items()
    }


def market_of(
    symbols: tuple[str, ...],
    days: int,
    timeframe: str,
    seed: int,
    null: bool,
    *,
    plant: str | None = None,
    steady: bool = False,
) -> SimulatedMarket:
    """The market a user asked for; ten symbols when none are named.

    Parameters
    ----------
    plant : str, optional
        ``flow_r2=0.1,news_after_bp=100``: these effects and no other, instead of the usual ones.
    steady : bool
        Shocks of one size, without clusters and regimes.
    """
    plain = SimulatedMarket(symbols=symbols or SYMBOLS, days=days, timeframe=timeframe, seed=seed, null=null)
    if steady:
        plain = replace(plain, dynamics=STEADY)
    return plain if plant is None else replace(plain, effects=effects_of(plant))


def effects_of(text: str) -> Effects:
    """Effects as they are written on a command line.

    Raises
    ------
    InvalidOption
        If a name is unknown or a value is no number.

    Examples
    --------
    >>> effects_of("flow_r2=0.1").flow_r2
    0.1
    """
    names = [one.name for one in fields(Effects)]
    given: dict[str, float] = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, value = part.partition("=")
        try:
            given[name.strip()] = float(value)
        except ValueError:
            name = ""
        if name.strip() not in names:
            raise InvalidOption(f"--plant {part}", f"NAME=NUMBER with one of {', '.join(names)}", "correct it")
    return replace(NOTHING, **given)
