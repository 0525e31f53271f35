"""A network: fill, normalise, backbone, head. The one contract of all sequence models.

``network(x (B, L, F), mask (B, L, F) or None)`` gives ``(B, H, 1 + Q)``: the mean and Q
quantiles of each of H targets. With ``every_channel`` it gives ``(B, H, F)``: each
channel's own next H values, the form of the published benchmarks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from torch import Tensor, nn

from alphaloop.core.errors import InvalidOption
from alphaloop.models.sequence.backbones.itransformer import ITransformer
from alphaloop.models.sequence.backbones.linear import DLinear, RLinear
from alphaloop.models.sequence.backbones.patchtst import PatchTST
from alphaloop.models.sequence.backbones.tft import TFT
from alphaloop.models.sequence.backbones.tsmixer import TSMixer
from alphaloop.models.sequence.layers import ChannelHead, InstanceNorm, LearnedFill, TargetHead, ordered, start_normal

BACKBONES: Mapping[str, Callable[..., nn.Module]] = {
    "rlinear": RLinear,
    "dlinear": DLinear,
    "tsmixer": TSMixer,
    "itransformer": ITransformer,
    "patchtst": PatchTST,
    "tft": TFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is needed to build a network again.

    Parameters
    ----------
    backbone : one of ``BACKBONES``
    lookback, channels, horizons : int
        L, F and H.
    quantiles : tuple of float in (0, 1), ascending
        Q levels, beside the mean.
    every_channel : bool
        Forecast each channel's own future instead of targets; then there are no quantiles.
    instance_norm : bool
        Take level and volatility out of each window, and back into an ``every_channel`` forecast.
    dropout : float
        Of the head.
    settings : mapping
        Passed to the backbone.
    """

    backbone: str
    lookback: int
    channels: int
    horizons: int
    quantiles: tuple[float, ...] = ()
    every_channel: bool = False
    instance_norm: bool = False
    affine: bool = False
    dropout: float = 0.1
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.backbone not in BACKBONES:
            raise InvalidOption(f"backbone {self.backbone!r}", f"one of {', '.join(BACKBONES)}", "name one of these")
        sizes = {"lookback": self.lookback, "channels": self.channels, "horizons": self.horizons}
        wrong = {name: size for name, size in sizes.items() if size < 1}
        if wrong:
            raise InvalidOption(f"{wrong}", "sizes of 1 or more", "correct them")
        if self.every_channel and self.quantiles:
            raise InvalidOption("every_channel with quantiles", "one forecast per channel and step", "leave out one")


class Network(nn.Module):
    """Built from a :class:`Plan`; randomness of the weights is torch's, seeded by the caller."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        self.fill = LearnedFill(plan.channels)
        self.norm = InstanceNorm(plan.channels, affine=plan.affine) if plan.instance_norm else None
        steps = {"steps": plan.horizons} if plan.backbone == "tft" else {}
        self.backbone = BACKBONES[plan.backbone](plan.lookback, plan.channels, **steps, **plan.settings)
        self.head = self._head()

    def _head(self) -> nn.Module:
        plan, width = self.plan, int(self.backbone.width)  # type: ignore[arg-type]
        if plan.backbone == "tft":
            last = nn.Linear(width, plan.channels if plan.every_channel else 1 + len(plan.quantiles))
            start_normal(last, plan.quantiles)
            return last
        if plan.every_channel:
            return ChannelHead(width, plan.horizons, plan.dropout)
        linear = bool(self.backbone.linear)
        return TargetHead(width, plan.channels, plan.horizons, plan.quantiles, linear=linear, dropout=plan.dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Windows ``(B, L, F)`` to ``(B, H, 1 + Q)``, or ``(B, H, F)`` with ``every_channel``."""
        x, observed = self.fill(x, mask)
        if self.norm is not None:
            x, mean, deviation = self.norm(x)
        states = self.backbone(x)
        out = self._read(states, observed)
        if self.norm is not None and self.plan.every_channel:
            out = self.norm.undo(out, mean, deviation)
        return out

    def _read(self, states: Tensor, observed: Tensor) -> Tensor:
        if isinstance(self.head, TargetHead):
            return self.head(states, observed)  # type: ignore[no-any-return]
        out: Tensor = self.head(states)
        return out if self.plan.every_channel else ordered(out)
