"""The leaderboard: every backbone's figures after cost, side by side, and how honest its quantiles are.

Quantiles are recalibrated block after block, each by the forecasts of the blocks before it whose outcomes were
known by then; the shares of outcomes below each level are told before and after, on the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphaloop.core.errors import NoData
from alphaloop.core.market import Floats, Ints
from alphaloop.hindsight.calibration import pinball
from alphaloop.models.calibration import QuantileCalibration, coverage
from alphaloop.training.backbones.chain import KIND, MISSING, READY, first_block, states
from alphaloop.training.backbones.settings import Settings
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import QUANTILES
from alphaloop.training.chain.run import Json, Walked
from alphaloop.training.chain.walk import Predicted

FORMAT = 1
SUITE = "backbone_suite_latest.json"

_FIGURES = (
    "ic", "interval", "rank_ic", "hit_rate", "turnover", "net_pnl", "max_drawdown", "sharpe", "trades", "days",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Details:
    """What the chain says of a symbol beside its candidates.

    Parameters
    ----------
    settings : Settings
    epochs : int
        That the mode allows.
    seed : int
    """

    settings: Settings
    epochs: int
    seed: int

    def __call__(self, examples: Examples, walked: Walked) -> Json:
        """``states``, ``budget``, ``first_block`` (what chose), ``chosen``, ``leaderboard``, ``calibration``.

        Returns
        -------
        dict
            The leaderboard has a row a horizon and backbone, best net result first within a horizon; one that
            could not run has its state and nothing else.
        """
        state = states(self.settings.names)
        return {
            "states": state,
            "budget": self._budget(),
            "first_block": first_block(examples, walked.predicted),
            "chosen": walked.chain.chosen,
            "leaderboard": [row for name in walked.benches for row in _ranked(walked, name, state)],
            "calibration": {
                name: {
                    backbone: honesty(examples, predicted, place) for backbone, predicted in walked.predicted.items()
                }
                for place, name in enumerate(examples.horizons)
            },
        }

    def _budget(self) -> Json:
        """What every network was given, and ridge of it."""
        held = self.settings
        epochs = min(held.epochs, self.epochs)
        return {
            "epochs": epochs,
            "windows_an_epoch": held.rows,
            "batch": held.batch,
            "steps": epochs * -(-held.rows // held.batch),
            "max_samples": held.max_samples,
            "seed": self.seed,
            "note": "networks take no more steps than these, fewer where a training set has fewer windows; all train "
            "for the whole budget and keep their best epoch; ridge is solved, on the same windows",
        }


def suite(found: Mapping[str, Any], asked: Mapping[str, Any]) -> Json:
    """All symbols as one document, named as in the training chains' overview: :data:`SUITE`.

    Parameters
    ----------
    found : mapping
        What :func:`alphaloop.training.chain.run.run_chain` gave.
    asked : mapping
        What was asked, plain.
    """
    details = found["details"]
    return {
        "format": FORMAT,
        "kind": KIND,
        "asked": dict(asked),
        "states": next((one["states"] for one in details.values()), {}),
        "budget": next((one["budget"] for one in details.values()), {}),
        "leaderboard": leaderboard(found),
        "chosen": {symbol: one["chosen"] for symbol, one in details.items()},
        "first_block": {symbol: one["first_block"] for symbol, one in details.items()},
        "calibration": {symbol: one["calibration"] for symbol, one in details.items()},
        "candidates": [
            {name: one[name] for name in ("id", "symbol", "horizon", "chosen", "trials", "degraded")}
            for one in found["candidates"]
        ],
        "verdicts": [
            {name: one.get(name) for name in ("candidate", "symbol", "horizon", "verdict")} for one in found["verdicts"]
        ],
        "failed": list(found["failed"]),
        "run": found["run"],
    }


def leaderboard(found: Mapping[str, Any]) -> list[Json]:
    """Rows of all symbols."""
    return [{"symbol": symbol, **row} for symbol, one in found["details"].items() for row in one["leaderboard"]]


def honesty(examples: Examples, predicted: Predicted, place: int) -> Json:
    """Coverage of one horizon's quantiles before and after recalibration, on blocks after the first.

    Returns
    -------
    dict
        ``levels``; ``before`` and ``after`` (share of outcomes below each level); ``error_before`` and
        ``error_after`` (mean distance of those from the level); ``pinball_before``, ``pinball_after``; ``rows``;
        ``calibration``, fitted on every tested row, for forecasts to come. None where a block before
        tells too little.
    """
    outcome = examples.rows.targets[:, place]
    try:
        made, rows = recalibrated(examples, predicted, place)
        for_later = _fit(predicted, outcome, predicted.tested, place)
    except NoData as error:
        return {"levels": list(QUANTILES), "rows": 0, "reason": error.found, "calibration": None}
    came, raw, levels = outcome[rows], predicted.quantiles[rows, place], np.array(QUANTILES)
    told: Json = {"levels": list(QUANTILES), "rows": len(rows), "calibration": for_later.as_dict()}
    for word, quantiles in (("before", raw), ("after", made)):
        share = coverage(quantiles[:, None], came[:, None])[0]
        told[word] = share.tolist()
        told[f"error_{word}"] = float(np.abs(share - levels).mean())
        told[f"pinball_{word}"] = float(pinball(quantiles, came, levels).mean())
    return told


def recalibrated(examples: Examples, predicted: Predicted, place: int) -> tuple[Floats, Ints]:
    """Quantiles of the rows of all blocks but the first, each by what was known before its block; and which rows.

    Raises
    ------
    NoData
        If the blocks before one hold too few outcomes.
    """
    rows = examples.rows
    outcome, times, ends = rows.targets[:, place], rows.times, rows.ends
    made, places = [], []
    for number, (first, last) in enumerate(predicted.blocks[1:], start=1):
        earlier = np.concatenate([np.arange(*block) for block in predicted.blocks[:number]])
        known = earlier[ends[earlier] <= times[first]]
        own = np.arange(first, last)
        made.append(_fit(predicted, outcome, known, place).apply(predicted.quantiles[own, place][:, None])[:, 0])
        places.append(own)
    return np.concatenate(made), np.concatenate(places)


def _fit(predicted: Predicted, outcome: Floats, rows: Ints, place: int) -> QuantileCalibration:
    return QuantileCalibration.fit(predicted.quantiles[rows, place][:, None], outcome[rows, None], QUANTILES)


def _ranked(walked: Walked, horizon: str, state: Mapping[str, str]) -> list[Json]:
    """One horizon's rows: those that ran by net result, then those that could not."""
    table = walked.table(horizon)
    ran: Sequence[Json] = [
        {"horizon": horizon, "backbone": name, "state": READY, **{key: said[key] for key in _FIGURES}}
        for name, said in table.items()
    ]
    missing = [
        {"horizon": horizon, "backbone": name, "state": MISSING, **dict.fromkeys(_FIGURES)}
        for name, said in state.items()
        if said == MISSING
    ]
    return [*sorted(ran, key=lambda row: -row["net_pnl"]), *missing]
