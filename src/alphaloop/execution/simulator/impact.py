"""Slippage that grows with size: half the spread, and the square-root law of market impact.

    slippage(Q) = half_spread + coefficient * volatility * sqrt(Q / V)

with Q the order's size and V the volume traded in a day (both base units), volatility the
standard deviation of a day's return, and a coefficient of order one. The law, with evidence
and a theory: Toth et al., "Anomalous price impact and the critical nature of liquidity in
financial markets", Phys. Rev. X 1, 021006 (2011). It speaks of large orders worked in parts;
here it prices each fill by itself.

An instrument carries the two parts as ``slippage`` and ``impact`` (a fraction of price per
square root of a base unit); the kernel adds them wherever slippage is paid. The numbers must
be known before the market that is simulated: measure them on an earlier one.
"""

import math
from dataclasses import replace

import numpy as np

from alphaloop.core.errors import InvalidOption, NoData
from alphaloop.core.market import CLOSE, VOLUME, Floats, Instrument, Market
from alphaloop.core.time import DAY_US


def with_impact(
    instrument: Instrument, *, half_spread: float, volatility: float, daily_volume: float, coefficient: float = 1.0
) -> Instrument:
    """The instrument with half-spread and square-root impact in place of its constant slippage.

    Parameters
    ----------
    instrument : Instrument
    half_spread : float, fraction of price, above zero
    volatility : float, standard deviation of a day's return
    daily_volume : float, base units traded a day, above zero
    coefficient : float
        Of order one; 0 leaves the half-spread alone.

    Raises
    ------
    InvalidOption
        If a number is out of range.

    Examples
    --------
    An order of a hundredth of the day's volume, at 4 % a day: 1 bp + 4 % x 0.1.

    >>> one = with_impact(Instrument("X"), half_spread=1e-4, volatility=0.04, daily_volume=2500.0)
    >>> one.slippage, one.impact, round(slippage_of(one, 25.0), 12)
    (0.0001, 0.0008, 0.0041)
    """
    for name, value, least in (
        ("half_spread", half_spread, 0.0),
        ("volatility", volatility, -1.0),
        ("daily_volume", daily_volume, 0.0),
        ("coefficient", coefficient, -1.0),
    ):
        if not (max(least, 0.0) <= value < math.inf and value > least):
            raise InvalidOption(f"{name} {value}", "above zero" if least == 0.0 else "zero or more", "measure it again")
    return replace(instrument, slippage=half_spread, impact=coefficient * volatility / math.sqrt(daily_volume))


def slippage_of(instrument: Instrument, quantity: float) -> float:
    """Slippage of a fill of ``quantity`` base units, as a fraction of price, as the kernel charges it."""
    grown = instrument.slippage + instrument.impact * math.sqrt(abs(quantity)) if instrument.slippage > 0 else 0.0
    return min(grown, 1.0)


def half_spread_of(bid: Floats, ask: Floats) -> float:
    """Mean half-spread as a fraction of the middle, from best quotes of shape (N,).

    Raises
    ------
    NoData
        If no quote has both sides.

    Examples
    --------
    >>> half_spread_of(np.array([99.0, 198.0]), np.array([101.0, 202.0]))
    0.01
    """
    with np.errstate(invalid="ignore"):
        found = (ask - bid) / (ask + bid)
    if not np.isfinite(found).any():
        raise NoData("no quote with both sides", "best bids and asks", "fetch an order book")
    return float(np.nanmean(found))


def volatility_and_volume(market: Market, asset: int) -> tuple[float, float]:
    """Of an earlier market: standard deviation of a day's return, and base units traded a day.

    The first from the returns of its bars times the square root of the bars in a day.

    Raises
    ------
    NoData
        If there are fewer than three bars with a close and a volume.

    Examples
    --------
    >>> from alphaloop.core.time import Timeframe
    >>> values = np.ones((5, 1, 6)) * np.array([100.0, 110.0, 99.0, 108.9, 98.01])[:, None, None]
    >>> days = Market(np.arange(5) * DAY_US, ("X",), values, Timeframe(DAY_US))
    >>> [round(one, 6) for one in volatility_and_volume(days, 0)]
    [0.11547, 103.182]
    """
    close, volume = market.values[:, asset, CLOSE], market.values[:, asset, VOLUME]
    bars_a_day = DAY_US / market.timeframe.us
    returns = np.diff(close) / close[:-1]
    returns, volume = returns[~np.isnan(returns)], volume[~np.isnan(volume)]
    if len(returns) < 2 or len(volume) < 3:
        raise NoData(f"{len(returns)} returns and {len(volume)} volumes", "three bars or more", "use a longer market")
    return float(returns.std(ddof=1) * math.sqrt(bars_a_day)), float(volume.mean() * bars_a_day)
