"""The chain of backbones: which are walked, which are missing, and which becomes the candidate.

All are fitted on the same rows with the same budget and seed, and each is a trial. The candidate is the one
with the highest IC, averaged over the horizons, in the first test block: that block only fits the rule of
positions and is scored by nobody, so no figure of the leaderboard had a say in the choice.
"""

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np

from alphaloop.core.errors import MissingExtra
from alphaloop.core.market import Floats
from alphaloop.training.backbones.learners import MakeBackbone
from alphaloop.training.backbones.settings import NETWORKS, Settings
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.learner import Chain
from alphaloop.training.chain.settings import settings_of
from alphaloop.training.chain.walk import Predicted

KIND = "backbones"
FILES = {"model": "backbones_{symbol}_model.bin"}
MANIFESTS = ("backbones_{symbol}_manifest.json",)
MISSING = "torch_missing"
READY = "ready"


def states(names: tuple[str, ...]) -> dict[str, str]:
    """Of each backbone: :data:`READY`, or :data:`MISSING` where it is a network and torch is not installed."""
    there = torch_there()
    return {name: READY if there or name not in NETWORKS else MISSING for name in names}


def torch_there() -> bool:
    """Whether networks can be trained here."""
    try:
        return find_spec("torch") is not None
    except (ImportError, ValueError):  # blocked: its entry among the modules is none
        return False


def backbones(asked: Asked) -> Chain:
    """The chain for what was asked; without torch, ridge alone, and degraded.

    Raises
    ------
    UnknownName, InvalidOption
        If a setting is not one of its own.
    MissingExtra
        If nothing that was asked for can run without torch.
    """
    settings = settings_of(Settings, asked.settings)
    state = states(settings.names)
    lacking = [name for name, said in state.items() if said == MISSING]
    ready = [name for name in state if name not in lacking]
    if not ready:
        raise MissingExtra("torch", "torch")
    return Chain(
        kind=KIND,
        variants={name: MakeBackbone(name, settings) for name in ready},
        chosen=ready[0],
        choose=best_of_first_block,
        files=FILES,
        manifests=MANIFESTS,
        recipe=settings.as_dict(),
        degraded=(f"{MISSING}: {', '.join(lacking)}",) if lacking else (),
        backbones=tuple(ready),
    )


def best_of_first_block(examples: Examples, predicted: Mapping[str, Predicted]) -> str:
    """The variant with the highest IC in the first test block, averaged over the horizons."""
    worth = first_block(examples, predicted)
    return max(worth, key=lambda name: worth[name])


def first_block(examples: Examples, predicted: Mapping[str, Predicted]) -> dict[str, float]:
    """IC of each variant in the first test block, averaged over the horizons; 0 where it cannot be said."""
    targets, found = examples.rows.targets, {}
    for name, one in predicted.items():
        first, last = one.blocks[0]
        pairs = [(one.mean[first:last, place], targets[first:last, place]) for place in range(targets.shape[1])]
        found[name] = float(np.mean([_ic(made, came) for made, came in pairs]))
    return found


def _ic(made: Floats, came: Floats) -> float:
    there = np.isfinite(made) & np.isfinite(came)
    made, came = made[there], came[there]
    if len(made) < 2 or float(np.std(made)) == 0.0 or float(np.std(came)) == 0.0:
        return 0.0
    return float(np.corrcoef(made, came)[0, 1])
