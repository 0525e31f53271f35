"""TSMixer: multilayer perceptrons along time and along channels, in turn.

Source: Chen et al. 2023, "TSMixer: An All-MLP Architecture for Time Series Forecasting",
section 4: batch normalisation over time and channels together, residual in both mixings,
one temporal projection at the end (the head's).
"""

from torch import Tensor, nn

from alphaloop.models.sequence.dropping import Dropout
from alphaloop.models.sequence.norms import WholeBatchNorm
from alphaloop.models.sequence.widening import Widening


class JointNorm(nn.Module):
    """Batch normalisation in which every (time, channel) cell has its own scale, as the paper's code does."""

    def __init__(self, lookback: int, channels: int) -> None:
        super().__init__()
        self.norm = WholeBatchNorm(lookback * channels)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to the same shape."""
        normal: Tensor = self.norm(x.flatten(1)).view_as(x)
        return normal


class Mixing(nn.Module):
    """One block: a map over time shared by channels, then a small perceptron over channels shared by times."""

    def __init__(self, lookback: int, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.time_norm = JointNorm(lookback, channels)
        self.time = nn.Sequential(nn.Linear(lookback, lookback), nn.ReLU(), Dropout(dropout))
        self.channel_norm = JointNorm(lookback, channels)
        self.channel = Widening(channels, hidden, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to the same shape."""
        x = x + self.time(self.time_norm(x).transpose(1, 2)).transpose(1, 2)
        mixed: Tensor = x + self.channel(self.channel_norm(x))
        return mixed


class TSMixer(nn.Module):
    """Blocks of mixing; the token of a channel is its mixed window, D = L."""

    linear = False

    def __init__(
        self, lookback: int, channels: int, *, blocks: int = 2, hidden: int = 64, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.width = lookback
        self.blocks = nn.Sequential(*(Mixing(lookback, channels, hidden, dropout) for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, L)``."""
        tokens: Tensor = self.blocks(x).transpose(1, 2)
        return tokens
