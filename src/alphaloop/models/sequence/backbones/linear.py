"""DLinear and RLinear: one linear map from the past to the future, shared by all channels.

The bar every deeper backbone has to clear. Sources: Zeng et al. 2023, "Are Transformers
Effective for Time Series Forecasting?", section 4 (DLinear); Li et al. 2023, "Revisiting
Long-term Time Series Forecasting", section 3 (RLinear = reversible normalisation + linear).
"""

import torch
from torch import Tensor, nn


class RLinear(nn.Module):
    """The window itself is the token: D = L. Normalisation and the map are around it."""

    linear = True

    def __init__(self, lookback: int, channels: int) -> None:  # noqa: ARG002 - the contract of backbones
        super().__init__()
        self.width = lookback

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, L)``."""
        return x.transpose(1, 2)


class DLinear(nn.Module):
    """Trend and remainder of the window side by side: D = 2 L.

    One linear map over both is the sum of the paper's two maps.

    Parameters
    ----------
    lookback, channels : int
    kernel : int, odd, bars
        Of the moving average that makes the trend; its ends repeat the edge values.
    """

    linear = True

    def __init__(self, lookback: int, channels: int, *, kernel: int = 25) -> None:  # noqa: ARG002
        super().__init__()
        self.width = 2 * lookback
        self.edge = (kernel - 1) // 2
        self.average = nn.AvgPool1d(kernel, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, 2 L)``: trend, then remainder."""
        series = x.transpose(1, 2)
        padded = nn.functional.pad(series, (self.edge, self.edge), mode="replicate")
        trend = self.average(padded)
        return torch.cat((trend, series - trend), dim=-1)
