"""PatchTST: each channel by itself, cut into overlapping patches, attention between patches.

Source: Nie et al. 2023, "A Time Series is Worth 64 Words", section 3: the end of the
window is repeated by one stride, patches are embedded linearly, positions are learned,
layers normalise over the batch, and the flattened patches go to one linear head.
"""

from torch import Tensor, nn

from alphaloop.models.sequence.attention import EncoderLayer, uniform_positions


class PatchTST(nn.Module):
    """Patches of one channel are tokens of its own sequence; D = patches x ``width``."""

    linear = False

    def __init__(
        self, lookback: int, channels: int, *,
        patch: int = 16, stride: int = 8, width: int = 16, layers: int = 3, heads: int = 4,
        hidden: int = 128, dropout: float = 0.3,
    ) -> None:  # fmt: skip
        super().__init__()
        del channels  # channels do not meet
        self.patch, self.stride = min(patch, lookback), stride
        count = (lookback - self.patch) // stride + 2
        self.width = count * width
        self.embed = nn.Linear(self.patch, width)
        self.positions = uniform_positions(count, width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.Sequential(
            *(EncoderLayer(width, heads, hidden, dropout=dropout, norm="batch") for _ in range(layers))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, D)``."""
        batch, _, channels = x.shape
        series = nn.functional.pad(x.transpose(1, 2), (0, self.stride), mode="replicate")
        patches = series.unfold(-1, self.patch, self.stride).flatten(0, 1)
        tokens = self.layers(self.dropout(self.embed(patches) + self.positions))
        joined: Tensor = tokens.reshape(batch, channels, -1)
        return joined
