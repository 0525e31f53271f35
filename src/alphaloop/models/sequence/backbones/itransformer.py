"""iTransformer: a channel's whole window is one token, attention runs between channels.

Source: Liu et al. 2024, "iTransformer: Inverted Transformers Are Effective for Time
Series Forecasting", section 3.
"""

from torch import Tensor, nn

from alphaloop.models.sequence.backbones.attention import EncoderLayer
from alphaloop.models.sequence.dropping import Dropout


class ITransformer(nn.Module):
    """Inverted embedding, encoder layers over channels, a last normalisation. D = ``width``."""

    linear = False

    def __init__(
        self, lookback: int, channels: int, *,
        width: int = 64, layers: int = 2, heads: int = 8, hidden: int = 64, dropout: float = 0.1,
    ) -> None:  # fmt: skip
        super().__init__()
        del channels  # any number: attention is between whatever is there
        self.width = width
        self.embed = nn.Sequential(nn.Linear(lookback, width), Dropout(dropout))
        self.layers = nn.Sequential(
            *(EncoderLayer(width, heads, hidden, dropout=dropout, overlook=dropout) for _ in range(layers))
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, L, F)`` to ``(B, F, D)``."""
        tokens: Tensor = self.norm(self.layers(self.embed(x.transpose(1, 2))))
        return tokens
