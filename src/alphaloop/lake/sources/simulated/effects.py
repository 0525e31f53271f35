"""What is planted in a simulated market, how its returns spread, and how often it reports.

Every number here is a choice, none is an estimate of a real market. Strengths are stated
as population R^2 of one bar's return, or in basis points.
"""

from dataclasses import dataclass

from alphaloop.core.errors import InvalidOption


@dataclass(frozen=True, slots=True)
class Effects:
    """What is planted. Zero switches an effect off; effects do not interact.

    Parameters
    ----------
    momentum_r2 : float, fraction of one bar's return variance
        Share explained by a hidden AR(1) drift, independent between symbols.
    momentum_half_life_hours : float
        Time after which half of a drift is left.
    flow_r2 : float
        Share of the next bar explained by this bar's taker imbalance.
    lead_lag_r2 : float
        Share of every other symbol's next bar explained by the first symbol's return.
    news_before_bp : float, basis points
        Moved between the event and its publication: nobody could have known.
    news_after_bp : float, basis points
        Moved in the ``news_bars`` bars after the bar of publication.
    funding_persistence : float, 0 to below 1
        Autocorrelation of settled rates; 0 makes them unpredictable, with mean zero.
    """

    momentum_r2: float = 0.0005
    momentum_half_life_hours: float = 24.0
    flow_r2: float = 0.0004
    lead_lag_r2: float = 0.0004
    news_before_bp: float = 40.0
    news_after_bp: float = 18.0
    funding_persistence: float = 0.8

    def __post_init__(self) -> None:
        shares = (self.momentum_r2, self.flow_r2, self.lead_lag_r2)
        if min(shares) < 0 or self.momentum_half_life_hours <= 0 or not 0 <= self.funding_persistence < 1:
            raise InvalidOption(f"{self}", "R^2 of 0 or more, half-life above 0, persistence in [0, 1)", "")


NOTHING = Effects(0.0, 24.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Dynamics:
    """How returns spread, with no say in where they go.

    Parameters
    ----------
    volatility : tuple of float, annualised
        Least and greatest volatility; symbols are spaced between, the first is calmest.
    correlation : float, 0 to 1
        Of any two symbols' shocks within a bar (one common factor).
    garch_alpha, garch_beta : float
        Weight of the last squared shock and of the last variance.
    dof : float, above 4
        Degrees of freedom of the t innovations, scaled to unit variance.
    regime_volatility : tuple of float
        Volatility in each regime before scaling to a mean square of one.
    regime_hours : tuple of float
        Mean length of a visit to each regime.
    """

    volatility: tuple[float, float] = (0.5, 1.1)
    correlation: float = 0.6
    garch_alpha: float = 0.07
    garch_beta: float = 0.91
    dof: float = 6.0
    regime_volatility: tuple[float, float, float] = (0.5, 1.0, 2.0)
    regime_hours: tuple[float, float, float] = (96.0, 48.0, 24.0)

    def __post_init__(self) -> None:
        alpha, beta = self.garch_alpha, self.garch_beta
        if min(alpha, beta) < 0 or alpha + beta >= 1 or self.dof <= 4:
            raise InvalidOption(
                f"alpha {alpha}, beta {beta}, dof {self.dof}",
                "alpha and beta of 0 or more with a sum below 1, dof above 4",
                "variance must be finite and stationary",
            )
        if not 0 <= self.correlation <= 1 or min(self.volatility) <= 0:
            raise InvalidOption(
                f"correlation {self.correlation}, volatility {self.volatility}",
                "a correlation of 0 to 1, volatility above 0",
                "",
            )
        if min(*self.regime_hours, *self.regime_volatility) <= 0:
            raise InvalidOption("a regime without length or volatility", "hours and volatilities above 0", "")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How often the other tables get a row.

    Parameters
    ----------
    book_every, interest_every : int, bars
    book_levels : int
    posts_per_day, news_per_day : float, rows per symbol and day
    news_bars : int, bars over which the move after publication is spread
    news_delay_bars : float, mean bars from event to publication, at least 1
    funding_bp : float, basis points
        Standard deviation of a settled rate.
    """

    book_every: int = 12
    interest_every: int = 12
    book_levels: int = 10
    posts_per_day: float = 24.0
    news_per_day: float = 0.5
    news_bars: int = 6
    news_delay_bars: float = 4.0
    funding_bp: float = 1.0

    def __post_init__(self) -> None:
        counts = (self.book_every, self.interest_every, self.book_levels, self.news_bars, self.news_delay_bars)
        if min(counts) < 1 or min(self.posts_per_day, self.news_per_day, self.funding_bp) < 0:
            raise InvalidOption(f"{self}", "counts and delay of 1 or more, rates of 0 or more", "")
