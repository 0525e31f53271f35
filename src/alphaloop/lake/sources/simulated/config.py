"""One simulated market: its symbols, its span, its seed, and the scales that follow from them.

`null=True` switches every planted effect off and leaves everything else as it is. Knows
the arithmetic of variances; draws nothing but the first prices.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

import numpy as np

from alphaloop.core.errors import InvalidOption
from alphaloop.core.market import Floats, Instrument, Ints
from alphaloop.core.time import DAY_US, HOUR_US, YEAR_US, Timeframe
from alphaloop.lake.sources.simulated.effects import NOTHING, Dynamics, Effects, Sampling

VENUE = "simulated"
SYMBOLS = tuple(f"SIM{letter}USDT" for letter in "ABCDEFGHIJ")
REGIMES = ("calm", "normal", "turbulent")
FLOW_TO_RETURN = 0.55
"""Correlation of a bar's standardised taker imbalance with the same bar's shock."""
IMBALANCE_SCALE = 0.22
"""Standard deviation of ``2 * taker_buy / volume - 1``."""


@dataclass(frozen=True)
class SimulatedMarket:
    """A market whose truth is known.

    Parameters
    ----------
    symbols : tuple of str
        The first leads the others where lead-lag is planted.
    start : int, microseconds UTC, a multiple of one day
    days : int
    timeframe : str
    seed : int
    effects : Effects
    dynamics : Dynamics
    sampling : Sampling
    null : bool
        True: returns are a martingale difference, and funding an unpredictable zero-mean
        noise; no policy has an edge.
    venue : str
        Two markets of the same symbols in one lake need two venues.

    Raises
    ------
    InvalidOption
        If a size is out of range, or the planted shares leave no room for noise.

    Examples
    --------
    >>> market = SimulatedMarket(days=2)
    >>> market.bars, len(market.symbols), market.planted == market.effects
    (576, 10, True)
    >>> SimulatedMarket(days=2, null=True).planted == NOTHING
    True
    """

    symbols: tuple[str, ...] = SYMBOLS
    start: int = 1_735_689_600 * 1_000_000
    days: int = 90
    timeframe: str = "5m"
    seed: int = 11
    effects: Effects = field(default_factory=Effects)
    dynamics: Dynamics = field(default_factory=Dynamics)
    sampling: Sampling = field(default_factory=Sampling)
    null: bool = False
    venue: str = VENUE

    def __post_init__(self) -> None:
        _check_size(self)
        if bool(np.any(self.noise_variance <= 0)):
            raise InvalidOption(
                "planted effects that explain all of a return's variance",
                "shares of R^2 and news moves that leave noise",
                "lower the R^2, the basis points of news, or news_per_day",
            )

    @property
    def interval(self) -> Timeframe:
        """Length of a bar."""
        return Timeframe.parse(self.timeframe)

    @property
    def bars(self) -> int:
        """Bars per symbol."""
        return self.days * DAY_US // self.interval.us

    @property
    def ts(self) -> Ints:
        """Open times, shape (T,), microseconds."""
        return self.start + self.interval.us * np.arange(self.bars, dtype=np.int64)

    @property
    def planted(self) -> Effects:
        """The effects that are really in the market."""
        return NOTHING if self.null else self.effects

    @cached_property
    def volatility(self) -> Floats:
        """Standard deviation of one bar's return, shape (A,), fraction."""
        low, high = self.dynamics.volatility
        annual: Floats = np.geomspace(low, high, len(self.symbols))
        return np.asarray(annual * np.sqrt(self.interval.us / YEAR_US))

    @property
    def news_rate(self) -> float:
        """Expected events per symbol and bar."""
        return self.sampling.news_per_day * self.interval.us / DAY_US

    @property
    def noise_variance(self) -> Floats:
        """Variance of the unpredictable part of one bar's return, shape (A,).

        What is left of ``volatility ** 2`` after the planted shares; news is a shot noise
        whose variance is rate * (sum of squared steps) (Campbell's theorem), where a move
        over ``d = 1 + Poisson(m)`` bars has ``E[1 / d] = (1 - exp(-m)) / m``.
        """
        planted, sampling = self.planted, self.sampling
        later = np.arange(len(self.symbols)) > 0
        share = planted.momentum_r2 + self.flow_strength**2 + planted.lead_lag_r2 * later
        extra = sampling.news_delay_bars - 1.0
        inverse_delay = 1.0 if extra == 0 else -np.expm1(-extra) / extra
        moves = (planted.news_after_bp / 1e4) ** 2 / sampling.news_bars
        moves += (planted.news_before_bp / 1e4) ** 2 * inverse_delay
        noise: Floats = self.volatility**2 * (1.0 - share) - self.news_rate * moves
        return noise

    @property
    def momentum_persistence(self) -> float:
        """Autocorrelation of the hidden drift over one bar."""
        return float(0.5 ** (self.interval.us / (self.effects.momentum_half_life_hours * HOUR_US)))

    @property
    def flow_strength(self) -> float:
        """Next bar's drift per unit of private flow, in standard deviations of a return.

        Imbalance is ``c * shock + sqrt(1 - c^2) * private``; only the private part predicts,
        so an R^2 of ``flow_r2`` on imbalance asks for ``flow_r2 / (1 - c^2)`` on it.
        """
        return float(np.sqrt(self.planted.flow_r2 / (1.0 - FLOW_TO_RETURN**2)))

    @cached_property
    def first_price(self) -> Floats:
        """Open of the first bar, shape (A,), quote; three digits, greatest first."""
        draws = np.random.default_rng([self.seed, 0]).uniform(-1.0, 4.7, len(self.symbols))
        digits = np.floor(np.sort(draws)[::-1])
        return np.array([round(10**x, int(2 - d)) for x, d in zip(np.sort(draws)[::-1], digits, strict=True)])

    @property
    def price_decimals(self) -> Ints:
        """Decimal places of a price, shape (A,): a first price has six digits or more."""
        places: Ints = np.maximum(0, 5 - np.floor(np.log10(self.first_price))).astype(np.int64)
        return places

    @property
    def quantity_decimals(self) -> Ints:
        """Decimal places of a quantity, shape (A,): a lot is worth some 1 to 100 quote units."""
        places: Ints = np.maximum(0, np.ceil(np.log10(self.first_price)) - 2).astype(np.int64)
        return places

    def instruments(self) -> dict[str, Instrument]:
        """What the simulated venue lets one trade: its grid of prices and quantities."""
        return {
            symbol: Instrument(symbol, tick=Decimal(1).scaleb(-int(tick)), lot=Decimal(1).scaleb(-int(lot)))
            for symbol, tick, lot in zip(self.symbols, self.price_decimals, self.quantity_decimals, strict=True)
        }

    def random(self, stream: int) -> np.random.Generator:
        """An independent generator for one ingredient (PCG64; the same on every machine)."""
        return np.random.default_rng([self.seed, stream])


def _check_size(market: SimulatedMarket) -> None:
    if not market.symbols or len(set(market.symbols)) != len(market.symbols):
        raise InvalidOption(f"symbols {market.symbols}", "one or more different names", "name each symbol once")
    if market.days < 1 or market.seed < 0:
        raise InvalidOption(f"days {market.days}, seed {market.seed}", "days of 1 or more, a seed of 0 or more", "")
    if market.start % DAY_US or DAY_US % market.interval.us:
        raise InvalidOption(
            f"start {market.start} us, timeframe {market.timeframe}",
            "a start at midnight UTC and bars that divide a day",
            "use e.g. start 2025-01-01 and timeframe 5m",
        )
