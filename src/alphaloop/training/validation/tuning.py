"""Tuning: a search that learns where to look, by Optuna; every proposal is a trial of the ledger.

A guided search finds more luck than a random one of the same length, since it goes back to where it was
lucky. So nothing may be left out of the count: the ledger has every proposal before its result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData
from alphaloop.training.validation.search import Attempt, Tried

if TYPE_CHECKING:
    from optuna.trial import Trial


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    values: tuple[str | int | float | bool, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidOption("a choice of nothing", "one value or more", "")


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``low`` to ``high``: whole where both are, by its logarithm where ``log``."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise InvalidOption(f"{self}", "low below high, above zero for a logarithm", "")


Space = Mapping[str, Choice | Between]


def explore(
    worth: Callable[[Mapping[str, Any]], float], space: Space, trials: int, seed: int,
    *, progress: Callable[[int], None] = lambda _done: None,
) -> tuple[tuple[Mapping[str, Any], float], ...]:  # fmt: skip
    """Ask what ``trials`` configurations are worth, each proposed from what the ones before were.

    Parameters
    ----------
    worth : callable
        Of a configuration; more is better. Whoever hands it in counts it as a trial.
    space : mapping of name to Choice or Between
    trials : int
    seed : int
        Of the proposals.
    progress : callable
        Takes the number done.

    Returns
    -------
    tuple of (configuration, worth)
        In the order of the proposals, without those that failed.

    Raises
    ------
    InvalidOption
        If there is no trial, or nothing to vary.
    DegenerateData, NoData
        If every one of them failed: the last failure.

    Source
    ------
    Tree-structured Parzen estimator: Bergstra et al. (2011), Algorithms for Hyper-Parameter Optimization, NIPS 24.
    """
    import optuna

    if trials < 1 or not space:
        raise InvalidOption(f"{trials} trials of {len(space)} settings", "one or more of both", "")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    found: list[tuple[Mapping[str, Any], float]] = []
    failure: DegenerateData | NoData | None = None
    for done in range(trials):
        asked = study.ask()
        config = {name: _ask(asked, name, one) for name, one in space.items()}
        try:
            found.append((config, worth(config)))
        except (DegenerateData, NoData) as error:
            study.tell(asked, state=optuna.trial.TrialState.FAIL)
            failure = error
        else:
            study.tell(asked, found[-1][1])
        progress(done + 1)
    if failure is not None and not found:
        raise failure
    return tuple(found)


def tune(
    attempt: Attempt, space: Space, trials: int, *, progress: Callable[[int], None] = lambda _done: None
) -> tuple[Tried, ...]:
    """Try ``trials`` configurations by their net Sharpe ratio, as :func:`explore`; each is a trial of the ledger.

    Parameters
    ----------
    attempt : Attempt
        Its seed is the seed of the proposals.
    space : mapping of name to Choice or Between
    trials : int
    progress : callable
        Takes the number done.

    Returns
    -------
    tuple of Tried
        In the order of the proposals, without those that failed.
    """
    found: list[Tried] = []

    def worth(config: Mapping[str, Any]) -> float:
        found.append(attempt(config))
        return found[-1].traded.sharpe or 0.0

    explore(worth, space, trials, attempt.seed, progress=progress)
    return tuple(found)


def _ask(asked: "Trial", name: str, one: Choice | Between) -> Any:
    if isinstance(one, Choice):
        return asked.suggest_categorical(name, one.values)
    if isinstance(one.low, int) and isinstance(one.high, int):
        return asked.suggest_int(name, one.low, one.high, log=one.log)
    return asked.suggest_float(name, one.low, one.high, log=one.log)
