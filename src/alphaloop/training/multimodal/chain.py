"""The multimodal chain: what is walked, what is chosen, what its files are called."""

from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.learner import Chain
from alphaloop.training.chain.settings import settings_of
from alphaloop.training.multimodal.learners import FILE, GATES, GateOf, RidgeOf
from alphaloop.training.multimodal.recipe import Recipe

KIND = "multimodal"
FILES = {"model": f"{{symbol}}/{FILE}", "gates": f"{{symbol}}/{GATES}"}
MANIFESTS = ("{symbol}/multimodal_manifest.json",)


def multimodal(asked: Asked) -> Chain:
    """The chain for what was asked: numbers alone, one ridge over all, and the gate, which is the candidate.

    Raises
    ------
    UnknownName, InvalidOption
        If a setting is not one of its own.
    """
    recipe = settings_of(Recipe, asked.settings)
    return Chain(
        kind=KIND,
        variants={
            "base": RidgeOf(recipe, with_text=False),
            "single_ridge": RidgeOf(recipe, with_text=True),
            "residual_gate": GateOf(recipe),
        },
        chosen="residual_gate",
        files=FILES,
        manifests=MANIFESTS,
        recipe=recipe.as_dict(),
        backbones=("ridge", "residual_gate"),
    )
