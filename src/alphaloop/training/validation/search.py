"""A search: many configurations on the same folds, each written down before its result is known.

The count and the spread of all results deflate the best one. A configuration that fails
is a trial as well: it is noted as aborted, and the search goes on only if the failure is one
of numbers, not of code.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData, NoData
from alphaloop.core.market import Floats
from alphaloop.registry.trials import Study
from alphaloop.training.validation.folds import Folds, Make, out_of_sample
from alphaloop.training.validation.panel import Panel
from alphaloop.training.validation.rule import Rule, Traded, trade

Config = Mapping[str, Any]
Draw = Callable[[np.random.Generator], Config]


@dataclass(frozen=True, slots=True)
class Model:
    """How a configuration becomes a forecaster.

    Parameters
    ----------
    make : callable
        Returns an unfitted one.
    columns : tuple of int, optional
        Features it is shown.
    rule : Rule, optional
        By which it is traded; that of the search where left out.
    """

    make: Make
    columns: tuple[int, ...] | None = None
    rule: Rule | None = None


Build = Callable[[Config], Model]


@dataclass(frozen=True, eq=False, slots=True)
class Tried:
    """One configuration and what it came to.

    Parameters
    ----------
    config : mapping
    predictions : float array, shape (T, A)
    traded : Traded
    """

    config: Config
    predictions: Floats
    traded: Traded


def draw(space: Draw, trials: int, seed: int) -> tuple[Config, ...]:
    """Configurations at random, the same for the same seed.

    Examples
    --------
    >>> draw(lambda random: {"leaves": int(random.integers(2, 9))}, 3, seed=0)
    ({'leaves': 7}, {'leaves': 6}, {'leaves': 5})
    """
    random = np.random.default_rng(seed)
    return tuple(space(random) for _ in range(trials))


def search(
    panel: Panel,
    folds: Folds,
    configs: Sequence[Config],
    build: Build,
    *,
    rule: Rule,
    study: Study,
    seed: int = 0,
) -> tuple[Tried, ...]:
    """Try every configuration.

    Parameters
    ----------
    panel : Panel
    folds : Folds
        In the order of time.
    configs : sequence of mapping
    build : callable
    rule : Rule
    study : Study
        Where each trial is written when it starts and when it ends.
    seed : int
        Noted with each trial.

    Returns
    -------
    tuple of Tried
        Without those that failed.

    Raises
    ------
    DegenerateData, NoData
        If every one of them failed: the last failure.
    """
    found: list[Tried] = []
    failure: DegenerateData | NoData | None = None
    attempt = Attempt(panel, folds, build, rule, study, seed)
    for config in configs:
        try:
            found.append(attempt(config))
        except (DegenerateData, NoData) as error:  # noted in the ledger; the search goes on
            failure = error
    if failure is not None and not found:
        raise failure
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Tries one configuration: a trial of the ledger from before its fit until its result.

    Parameters are those of :func:`search`.
    """

    panel: Panel
    folds: Folds
    build: Build
    rule: Rule
    study: Study
    seed: int

    def __call__(self, config: Config) -> Tried:
        """What it came to; a failure is noted as an aborted trial and raised."""
        with self.study.trial(config, self.seed) as trial:
            model = self.build(config)
            predictions = out_of_sample(self.panel, self.folds, model.make, model.columns)
            traded = trade(self.panel, self.folds, predictions, model.rule or self.rule)
            trial.result(traded.sharpe or 0.0, net=float(traded.net.sum()), trades=traded.trades)
        return Tried(config, predictions, traded)


def best(tried: Sequence[Tried]) -> Tried:
    """The one with the highest net Sharpe ratio; one that never traded counts as zero.

    Raises
    ------
    NoData
        If nothing was tried.
    """
    if not tried:
        raise NoData("no configuration", "one or more", "")
    return max(tried, key=lambda one: one.traded.sharpe or 0.0)
