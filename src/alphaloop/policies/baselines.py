"""The baselines by name: what every policy must beat, ready to be plugged in.

Each class is a frozen set of parameters (its own, and those of
:class:`~alphaloop.policies.sizing.EqualWeight`), reads the features it names, and starts
afresh at ``reset``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from alphaloop.policies.passive import BuyAndHold, Flat, RandomTurnover
from alphaloop.policies.reversal import RsiReversal
from alphaloop.policies.trend import Donchian, MaCross

Baseline = type[Flat] | type[BuyAndHold] | type[RandomTurnover] | type[MaCross] | type[RsiReversal] | type[Donchian]

BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {one.name: one for one in (BuyAndHold, Flat, RandomTurnover, MaCross, RsiReversal, Donchian)}
)

__all__ = ["BASELINES", "BuyAndHold", "Donchian", "Flat", "MaCross", "RandomTurnover", "RsiReversal"]
