"""The search of a chain: proposals by Optuna, judged on the block that nothing is scored on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np

from alphaloop.core.errors import DegenerateData
from alphaloop.registry.records import canonical, plain
from alphaloop.training.chain.counting import Counter, counted
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Chain, Config, Fitting
from alphaloop.training.chain.walk import Cuts, walk
from alphaloop.training.validation.tuning import explore

Json = dict[str, Any]


def searched(
    chain: Chain, examples: Examples, cuts: Cuts, how: Fitting, counters: Mapping[str, Counter], trials: int
) -> tuple[Chain, Sequence[Json]]:
    """The chain with the best of its proposals; itself where it has no search, or no trial is allowed.

    Returns
    -------
    chain : Chain
    proposals : list of dict
        ``config`` and ``ic``, in the order they were made.
    """
    if chain.search is None or trials < 1:
        return chain, []
    search, first = chain.search, Cuts(cuts.pairs[:1], cuts.overlaps)
    test = first.pairs[0][1]
    targets = examples.rows.targets[test]

    def worth(config: Config) -> float:
        told = {"chain": chain.kind, "search": dict(config), "recipe": dict(chain.recipe), "data": examples.digest}
        name = sha256(canonical(plain(dict(config))).encode()).hexdigest()[:12]
        found: list[float] = []

        def work() -> dict[str, tuple[float | None, Json]]:
            fitting = replace(how, folder=how.folder / "search" / name)
            made = walk(examples, search.make(config), first, fitting).mean[test]
            found.extend(_ic(made[:, place], targets[:, place]) for place in range(len(examples.horizons)))
            return {key: (None, {"ic": ic}) for key, ic in zip(counters, found, strict=True)}

        counted(counters, told, work)
        return float(np.mean(found))

    proposals = explore(worth, search.space, trials, how.seed)
    best = max(proposals, key=lambda one: one[1])
    return search.then(best[0]), [{"config": dict(config), "ic": ic} for config, ic in proposals]


def _ic(made: Any, targets: Any) -> float:
    if float(np.std(made)) == 0.0 or float(np.std(targets)) == 0.0:
        raise DegenerateData("predictions or outcomes that do not vary", "ones that do", "")
    return float(np.corrcoef(made, targets)[0, 1])
