"""What a chain brings: variants that fit and predict, and which of them is the candidate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from alphaloop.core.protocols import Forecast
from alphaloop.datasets.windows.cut import WindowRows
from alphaloop.training.chain.examples import Examples
from alphaloop.training.validation.tuning import Space

if TYPE_CHECKING:
    from alphaloop.training.chain.walk import Predicted

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels that are kept beside each mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a fit is, for whoever watches.

    Parameters
    ----------
    variant : str
        Or a part of one, e.g. ``student``.
    epoch, epochs : int
        Done, and at most; 0 of 0 where there are none.
    train_loss, valid_loss : float, optional
    symbol : str
    fold, folds : int
        Filled in by the walk: 1 to ``folds``; 0 for the final fit.
    """

    variant: str
    epoch: int = 0
    epochs: int = 0
    train_loss: float | None = None
    valid_loss: float | None = None
    symbol: str = ""
    fold: int = 0
    folds: int = 0


Progress = Callable[[Told], None]


def silent(_told: Told) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """Around a fit: everything but the rows.

    Parameters
    ----------
    folder : Path
        Its own; what is kept there lets a killed fit go on, and is nobody's result.
    seed : int
    embargo_us : int, microseconds
        Of splits inside the training rows.
    inner_folds : int
        Purged folds inside the training rows, for predictions out of fold.
    epochs : int
        Of a network, at most.
    progress : callable
    """

    folder: Path
    seed: int
    embargo_us: int
    inner_folds: int = 5
    epochs: int = 30
    progress: Progress = silent


class Learner(Protocol):
    """Learns from rows in the order of time, and forecasts all their horizons."""

    @property
    def name(self) -> str:
        """Of the variant."""
        ...

    def fit(self, train: WindowRows, how: Fitting) -> "Learner":
        """Learn; itself, fitted.

        Raises
        ------
        NoData, DegenerateData
            If the rows cannot teach.
        """
        ...

    def predict(self, rows: WindowRows) -> Forecast:
        """Means ``(N, H)`` and quantiles, in units of the targets; outcomes of the rows are not looked at."""
        ...

    def save(self, folder: Path) -> dict[str, Path]:
        """Write its files; role (``model``, ``teacher``, ...) to path. Nothing else may be needed to load it."""
        ...


class Telling(Protocol):
    """A learner that has more to say than its files."""

    def facts(self) -> dict[str, Any]:
        """What the manifest says of the fit, JSON: means and deviations of scaling, trees, epochs."""
        ...


Config = Mapping[str, Any]
Make = Callable[[Examples], Learner]
"""An unfitted learner for the features and horizons of these examples. Must pickle: a function of a module, or an
instance of a frozen dataclass with ``__call__``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a chain may vary before its variants are walked.

    Proposals are fitted before the first test block and judged on it, by the mean IC of all horizons. That block only
    fits the rule of positions and is never scored, so the search has seen nothing of what is.

    Parameters
    ----------
    space : Space
    make : callable
        A configuration to the variant that is tried.
    then : callable
        The best configuration to the chain that is walked.
    """

    space: Space
    make: Callable[[Config], Make]
    then: Callable[[Config], "Chain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One forecasting chain.

    Parameters
    ----------
    kind : str
        Of its candidates' slots, e.g. ``liquid``.
    variants : mapping of name to Make
        All that are walked and compared; each is a trial.
    chosen : str
        Which of them is the candidate. Said beforehand, not by the result.
    files : mapping of role to file name
        ``{symbol}`` in a name is the symbol in small letters; e.g. ``{"model": "liquid_{symbol}_tsmixer_v2.pt"}``.
    manifests : tuple of str
        File names under which the manifest is kept, ``{symbol}`` as above.
    recipe : mapping
        Settings behind the variants, JSON: enough, with the manifest's rest, to fit again.
    degraded : tuple of str
        What is not as it should be; a candidate of such a chain cannot pass.
    backbones : tuple of str
        Models that take part, as the gates call them.
    search : Search, optional
    choose : callable, optional
        Names the candidate after the walk, by the first test block alone, which is scored by nobody; ``chosen`` then
        stands for it until there.
    """

    kind: str
    variants: Mapping[str, Make]
    chosen: str
    files: Mapping[str, str]
    manifests: tuple[str, ...]
    recipe: Mapping[str, Any] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()
    backbones: tuple[str, ...] = ()
    search: Search | None = None
    choose: "Callable[[Examples, Mapping[str, Predicted]], str] | None" = None

    def named(self, pattern: str, symbol: str) -> str:
        """A file name for a symbol."""
        return pattern.format(symbol=symbol.lower())


def at_levels(forecast: Forecast) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Quantiles at :data:`QUANTILES`, shape (N, H, 5)."""
    return np.stack([forecast.quantile(level) for level in QUANTILES], axis=-1)
