"""What the backbones share: filling what is missing, normalising a window, and the two heads."""

from collections.abc import Sequence
from statistics import NormalDist

import torch
from torch import Tensor, nn

from alphaloop.models.sequence.dropping import Dropout

OBSERVED = 2  # figures per channel that tell a head how much of the window was real


class LearnedFill(nn.Module):
    """Replace missing values by a learned number per channel, and say how much was there.

    Inputs are scaled by the training rows, so the fill starts at their mean, zero.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fill = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Window ``(B, L, F)`` without holes, and per channel ``(B, F, 2)``: share present, newest present."""
        if mask is None:
            return x, x.new_ones(x.shape[0], x.shape[2], OBSERVED)
        present = mask.to(x.dtype)
        filled = torch.where(mask, x, self.fill.to(x.dtype))
        return filled, torch.stack((present.mean(dim=1), present[:, -1]), dim=-1)


class InstanceNorm(nn.Module):
    """Reversible instance normalisation over time (Kim et al. 2022, eq. 2 and 4).

    It takes level and volatility out of a window and gives them back to a forecast of the
    same channel. For engineered features it stays off: level and volatility are the signal.
    """

    def __init__(self, channels: int, *, affine: bool = False, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised window ``(B, L, F)``, its mean and its deviation ``(B, 1, F)``."""
        mean = x.mean(dim=1, keepdim=True).detach()
        deviation = torch.sqrt(x.var(dim=1, keepdim=True, unbiased=False) + self.epsilon).detach()
        x = (x - mean) / deviation
        if self.weight is not None and self.bias is not None:
            x = x * self.weight + self.bias
        return x, mean, deviation

    def undo(self, forecast: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
        """Back to the window's level and scale; forecast ``(B, S, F)``."""
        if self.weight is not None and self.bias is not None:
            forecast = (forecast - self.bias) / (self.weight + self.epsilon**2)
        return forecast * deviation + mean


class ChannelHead(nn.Module):
    """Each channel's own next ``steps`` values from its own token; the weights are shared."""

    def __init__(self, width: int, steps: int, dropout: float) -> None:
        super().__init__()
        self.dropout = Dropout(dropout)
        self.project = nn.Linear(width, steps)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens ``(B, F, D)`` to forecasts ``(B, S, F)``."""
        forecast: Tensor = self.project(self.dropout(tokens)).transpose(1, 2)
        return forecast


class TargetHead(nn.Module):
    """Mean and quantiles of ``horizons`` targets from all channels together.

    Quantiles are a lowest one plus positive steps, so they cannot cross.

    Parameters
    ----------
    width : int
        Of a token.
    channels, horizons : int
        F and H.
    levels : sequence of float in (0, 1), ascending
        Of the Q quantiles. They start as those of the standard normal distribution.
    narrow : int
        Figures kept of each channel before they are joined.
    linear : bool
        Without any non-linearity in the mean, for models whose point is to be linear.
    dropout : float
    """

    def __init__(
        self, width: int, channels: int, horizons: int, levels: Sequence[float], *,
        narrow: int = 16, linear: bool = False, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.horizons, self.figures = horizons, 1 + len(levels)
        self.squeeze = nn.Linear(width + OBSERVED, narrow)
        self.bend = nn.Identity() if linear else nn.GELU()
        self.dropout = Dropout(dropout)
        self.project = nn.Linear(narrow * channels, horizons * self.figures)
        start_normal(self.project, levels, horizons)

    def forward(self, tokens: Tensor, observed: Tensor) -> Tensor:
        """Tokens ``(B, F, D)`` and what was present ``(B, F, 2)`` to ``(B, H, 1 + Q)``."""
        joined = self.bend(self.squeeze(torch.cat((tokens, observed.to(tokens.dtype)), dim=-1)))
        out = self.project(self.dropout(joined.flatten(1))).view(-1, self.horizons, self.figures)
        return ordered(out)


def ordered(out: Tensor) -> Tensor:
    """Mean as it is; the rest read as lowest quantile and logs of steps, ``(B, H, 1 + Q)``."""
    mean, raw = out[..., :1], out[..., 1:]
    if raw.shape[-1] == 0:
        return mean
    steps = nn.functional.softplus(raw[..., 1:])
    quantiles = torch.cumsum(torch.cat((raw[..., :1], steps), dim=-1), dim=-1)
    return torch.cat((mean, quantiles), dim=-1)


def start_normal(last: nn.Linear, levels: Sequence[float], times: int = 1) -> None:
    """Set the bias of a last map so that forecasts start at the standard normal's mean and quantiles."""
    if not levels:
        return
    scores = torch.tensor([NormalDist().inv_cdf(level) for level in levels])
    steps = torch.log(torch.expm1(scores.diff()))  # softplus undone
    with torch.no_grad():
        last.bias.copy_(torch.cat((torch.zeros(1), scores[:1], steps)).repeat(times))
