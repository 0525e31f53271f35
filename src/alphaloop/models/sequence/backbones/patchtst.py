"""PatchTST: each channel by itself, cut into overlapping patches, attention between patches.

Source: Nie et al. 2023, "A Time Series is Worth 64 Words", section 3: the end of the
window is repeated by one stride, patches are embedded linearly, positions are learned,
layers normalise over the batch, and the flattened patches go to one linear head.
"""

from torch import Tensor, nn

from alphaloop.models.sequence.backbones.attention import EncoderLayer, uniform_positions
from alphaloop.models.sequence.dropping import Dropout

_HIDDEN = 8  # width of the perceptron in widths of a token, as for the paper's small data sets


class PatchTST(nn.Module):
    """Patches of one channel are tokens of its own sequence; D = patches x ``width``."""

    linear = False

    def __init__(
        self, lookback: int, channels: int, *,
        patch: int = 16, width: int = 16, layers: int = 3, heads: int = 4, dropout: float = 0.3,
    ) -> None:  # fmt: skip
        super().__init__()
        del channels  # channels do not meet
        self.patch = min(patch, lookback)
        self.stride = max(1, self.patch // 2)
        count = (lookback - self.patch) // self.stride + 2
        self.width = count * width
        self.embed = nn.Linear(self.patch, width)
        self.positions = uniform_positions(count, width)
        self.dropout = Dropout(dropout)
        self.layers = nn.Sequential(
            *(EncoderLayer(width, heads, _HIDDEN * width, dropout=dropout, norm="batch") for _ in range(layers))
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, D)``."""
        batch, _, channels = x.shape
        series = nn.functional.pad(x.transpose(1, 2), (0, self.stride), mode="replicate")
        patches = series.unfold(-1, self.patch, self.stride).flatten(0, 1)
        tokens = self.layers(self.dropout(self.embed(patches) + self.positions))
        joined: Tensor = tokens.reshape(batch, channels, -1)
        return joined
