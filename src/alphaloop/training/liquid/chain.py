"""The liquid chain: what is walked, what is chosen, what its files are called."""

from collections.abc import Mapping
from typing import Any

from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.learner import Chain, Search
from alphaloop.training.chain.settings import settings_of
from alphaloop.training.liquid.settings import Settings
from alphaloop.training.liquid.student import MakeStudent
from alphaloop.training.liquid.teacher import INSTEAD, MakeTeacher, lightgbm_there
from alphaloop.training.validation.tuning import Between, Choice, Space

KIND = "liquid"
FILES = {"model": "liquid_{symbol}_tsmixer_v2.pt", "teacher": "liquid_{symbol}_lgbm_baseline_v2.json"}
MANIFESTS = ("liquid_{symbol}_train_manifest_v2.json", "liquid_{symbol}_tsmixer_v2.manifest.json")

SPACE: Space = {
    "leaves": Choice((7, 15, 31, 63)),
    "teacher_rate": Between(0.02, 0.1, log=True),
    "min_rows": Choice((100, 200, 500, 1000)),
    "feature_share": Between(0.2, 0.8),
    "l2": Between(0.5, 50.0, log=True),
}
"""What the search varies: the teacher, which is cheap to fit and which the student hears."""


def liquid(asked: Asked) -> Chain:
    """The chain for what was asked.

    Raises
    ------
    UnknownName, InvalidOption
        If a setting is not one of its own.
    """
    settings = settings_of(Settings, asked.settings)
    searching = Search(
        space=SPACE,
        make=lambda config: MakeTeacher(settings.with_(config)),
        then=lambda config: _chain(settings.with_(config), dict(config)),
    )
    return _chain(settings, {}, searching)


def _chain(settings: Settings, found: Mapping[str, Any], search: Search | None = None) -> Chain:
    there = lightgbm_there()
    return Chain(
        kind=KIND,
        variants={
            "student": MakeStudent(settings),
            "no_distil": MakeStudent(settings, distil=False),
            "teacher": MakeTeacher(settings),
        },
        chosen="student",
        files=FILES,
        manifests=MANIFESTS,
        recipe={**settings.as_dict(), "searched": sorted(found)},
        degraded=() if there else (INSTEAD,),
        backbones=("tsmixer", "gbm" if there else "ridge"),
        search=search if there else None,
    )
