"""Both protocols as one document, ``multimodal_eval.json``: what each group of features is worth to a forecast.

Walk-forward is what could have been traded. Purged K-fold tests every row, by models that also learned from
what came later: it is no track record, but it sees whether a loss is one of a single stretch of time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from alphaloop.core.errors import DegenerateData, InvalidOption, NoData
from alphaloop.engine.executor import Executor, Serial
from alphaloop.hindsight.bootstrap import Blocks
from alphaloop.training.ablation.measure import Json, full_figures, measure
from alphaloop.training.ablation.taking import STRENGTH, VARIANTS, Taken, taken
from alphaloop.training.ablation.walks import FULL, kfold_of, walk_again, walk_hidden
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Fitting, Make
from alphaloop.training.chain.score import Bench
from alphaloop.training.chain.walk import Cuts, Predicted, cuts_of

NAME = "multimodal_eval.json"
FORMAT = 1
WALK_FORWARD, KFOLD = "walk_forward", "purged_kfold"
ZEROED, RETRAINED = "zeroed", "retrained"
FIGURES = ("ic", "rank_ic", "mse", "net_per_day")

MEANING = {
    ZEROED: "the fitted model, asked with the group's features missing: what it reads",
    RETRAINED: "a model that never saw the group (event_window: that learned from the window's rows alone): "
    "what nothing else replaces",
    "change": "without less full, on identical rows; below zero for IC, rank IC and net, or above for mse, "
    "the group helped",
    "event_window": f"rows with {STRENGTH} above the threshold; text is taken, both stand aside elsewhere",
    WALK_FORWARD: "each block forecast from what came before it; the first block only fits the rule of positions",
    KFOLD: "each block forecast by models that also learned from what came later: no track record",
}

Count = Callable[[str, Callable[[], dict[str, Predicted]]], dict[str, Predicted]]
"""Takes the name of a variant that is trained anew and the work that trains it, so that it can be counted."""


def uncounted(_name: str, work: Callable[[], dict[str, Predicted]]) -> dict[str, Predicted]:
    """Just does the work."""
    return work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An ablation to be made.

    Parameters
    ----------
    examples : Examples
    make : Make
        Of the variant that is the candidate.
    asked : Asked
        As the candidate was trained.
    fitting : Fitting
        Its folder is the ablation's own.
    strength : float
        Threshold of the event window.
    how : Blocks
    executor : Executor
    count : callable
    """

    examples: Examples
    make: Make
    asked: Asked
    fitting: Fitting
    strength: float = 0.0
    how: Blocks = field(default_factory=Blocks)
    executor: Executor = field(default_factory=Serial)
    count: Count = uncounted


def ablate(order: Order) -> Json:
    """Every variant, hidden and trained anew, by both protocols, at every horizon.

    Returns
    -------
    dict
        ``horizons``: by name, ``{walk_forward, purged_kfold}``, each with ``full`` (figures), ``zeroed`` and
        ``retrained`` (by variant, as :func:`alphaloop.training.ablation.measure.measure`); ``protocols``: folds,
        rows, overlaps, embargo; ``taken``: features of each variant, and why one was not measured.

    Raises
    ------
    DegenerateData, NoData, InvalidOption
        If the full forecast itself cannot be made.
    """
    examples, every = order.examples, taken(order.examples, order.strength)
    found: Json = {"protocols": {}, "horizons": {name: {} for name in examples.horizons}}
    not_again: dict[str, str] = {}
    for protocol, (cuts, embargo) in _protocols(order).items():
        asked = replace(order, fitting=replace(order.fitting, folder=order.fitting.folder / protocol))
        zeroed = walk_hidden(examples, order.make, cuts, _below(asked, FULL), every, order.executor)
        again, why = _again(asked, cuts, [one for one in every if one.name not in not_again])
        not_again.update(why)
        found["protocols"][protocol] = _cuts(cuts, examples, embargo)
        for place, horizon in enumerate(examples.horizons):
            found["horizons"][horizon][protocol] = _horizon(Bench(examples, cuts, place), zeroed, again, every, order)
    found["taken"] = [_said(one, examples, not_again.get(one.name, "")) for one in every]
    return {"format": FORMAT, "meaning": MEANING, "event_threshold": order.strength, **found}


def summary(document: Mapping[str, Any], horizon: str) -> Json:
    """Flat figures of a horizon, walk-forward and hidden: ``delta_mse_no_text_vs_full`` and the like.

    Examples
    --------
    >>> change = {"change": -0.01}
    >>> row = {"no_text": dict.fromkeys(FIGURES, change)}
    >>> summary({"horizons": {"1h": {"walk_forward": {"zeroed": row}}}}, "1h")["delta_ic_no_text_vs_full"]
    -0.01
    """
    zeroed = document["horizons"][horizon][WALK_FORWARD][ZEROED]
    return {
        f"delta_{figure}_{name}_vs_full": zeroed.get(name, {}).get(figure, {}).get("change")
        for name in VARIANTS
        for figure in FIGURES
    }


def _protocols(order: Order) -> dict[str, tuple[Cuts, int]]:
    """Folds of each protocol, and their embargo."""
    asked, folds = order.asked, order.asked.effort.folds
    short, long = asked.embargo_us, _long_embargo(asked)
    return {
        WALK_FORWARD: (cuts_of(order.examples, folds, short), short),
        KFOLD: (kfold_of(order.examples, folds, long), long),
    }


def _long_embargo(asked: Asked) -> int:
    """Where a model also learns from what came later: what a label reads, and what a window remembers."""
    return asked.embargo_us + asked.lookback * asked.step.us


def _again(order: Order, cuts: Cuts, every: Sequence[Taken]) -> tuple[dict[str, Predicted], dict[str, str]]:
    """Predictions of models trained anew; and why, where what is left cannot teach."""
    found: dict[str, Predicted] = {}
    why: dict[str, str] = {}
    for one in every:
        if one.reason:
            continue

        def work(one: Taken = one) -> dict[str, Predicted]:
            how = _below(order, RETRAINED)
            return {one.name: walk_again(order.examples, order.make, cuts, how, one, order.executor)}

        try:
            found.update(order.count(one.name, work))
        except (DegenerateData, NoData, InvalidOption) as error:
            why[one.name] = str(error.found)
    return found, why


def _horizon(
    bench: Bench,
    zeroed: Mapping[str, Predicted],
    again: Mapping[str, Predicted],
    every: Sequence[Taken],
    order: Order,
) -> Json:
    by_name, full = {one.name: one for one in every}, zeroed[FULL]
    return {
        FULL: full_figures(bench, full),
        ZEROED: measure(bench, zeroed, by_name, order.how),
        RETRAINED: measure(bench, {FULL: full, **again}, by_name, order.how),
    }


def _below(order: Order, name: str) -> Fitting:
    return replace(order.fitting, folder=order.fitting.folder / name)


def _cuts(cuts: Cuts, examples: Examples, embargo_us: int) -> Json:
    """Which rows were scored, and how they were kept apart from what was learned from."""
    times, first, last = examples.rows.times, cuts.blocks[1][0], cuts.blocks[-1][1] - 1
    return {
        "folds": len(cuts.pairs),
        "overlaps": cuts.overlaps,
        "embargo_us": embargo_us,
        "scored_rows": last - first + 1,
        "first_decision": int(times[first]),
        "last_decision": int(times[last]),
    }


def _said(one: Taken, examples: Examples, not_again: str) -> Json:
    return {
        "name": one.name,
        "features": [examples.features[place] for place in one.columns],
        "reason": one.reason,
        "not_retrained": not_again,
    }
