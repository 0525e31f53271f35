"""The experts by name, and the grids of parameters that may be tried of each.

Every set of a grid is one trial: who picks the best of them has tried them all, and the
evaluation must count them so.
"""

from collections.abc import Mapping
from types import MappingProxyType

from alphaloop.policies.experts.breakout import VolumeBreakout
from alphaloop.policies.experts.carry import Carry
from alphaloop.policies.experts.flow import OrderFlow
from alphaloop.policies.experts.momentum import Momentum
from alphaloop.policies.experts.reversion import BandReversion
from alphaloop.policies.experts.volatility import VolatilityTarget

Expert = (
    type[Momentum] | type[BandReversion] | type[VolumeBreakout] | type[Carry] | type[VolatilityTarget] | type[OrderFlow]
)

EXPERTS: Mapping[str, Expert] = MappingProxyType(
    {one.name: one for one in (Momentum, BandReversion, VolumeBreakout, Carry, VolatilityTarget, OrderFlow)}
)

GRIDS: Mapping[str, Mapping[str, tuple[float | str, ...]]] = MappingProxyType(
    {
        "momentum": {"lookback": (96, 288, 864), "enter": (1.0, 1.5, 2.0), "stop_atr": (6.0, 12.0)},
        "band-reversion": {"period": (24, 48, 96), "depth": (0.0, 0.1), "calm": (20.0, 30.0), "stop_atr": (3.0, 6.0)},
        "volume-breakout": {"period": (48, 96, 288), "surge": (0.0, 1.0, 2.0), "stop_atr": (3.0, 6.0)},
        "carry": {"enter": (0.0002, 0.0003, 0.0005), "stop": (0.02, 0.05)},
        "volatility-target": {"target": (0.2, 0.4), "volatility": (288, 2016)},
        "order-flow": {"window": ("1h", "4h"), "enter": (0.1, 0.15, 0.25)},
    }
)
"""Parameters worth trying, for five-minute bars."""
