"""What may be set of the liquid chain by ``--set name=value``; the rest is what it is for good reason."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from alphaloop.models.gbm import Boosting


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Teacher and student.

    Parameters
    ----------
    distil : float in [0, 1]
        Share of the teacher in the student's loss.
    huber : float, deviations
        Where the student's square turns into a line.
    text_dropout : float in [0, 1)
        Share of training windows whose text features are hidden, values and mask.
    blocks, hidden : int
        Of the TSMixer.
    dropout : float in [0, 1)
    learning_rate : float
    batch : int
        Windows of a step at most; fewer where an epoch would have less than 32 steps.
    patience : int, epochs
    rows : int
        Windows of an epoch, drawn anew from all of them each time.
    average : float
        Decay of the moving average of weights.
    held_out : float
        Newest share of the training rows that says when to stop.
    device : str
        ``auto``, ``cpu``, ``cuda``.
    rounds, leaves, min_rows : int
        Of the teacher: trees at most, leaves of each, rows of a leaf (never more than a fiftieth of all).
    teacher_rate, feature_share, row_share, l2 : float
        Of the teacher.
    """

    distil: float = 0.5
    huber: float = 1.0
    text_dropout: float = 0.2
    blocks: int = 2
    hidden: int = 64
    dropout: float = 0.2
    learning_rate: float = 1e-3
    batch: int = 256
    patience: int = 3
    rows: int = 32_768
    average: float = 0.98
    held_out: float = 0.15
    device: str = "auto"
    rounds: int = 300
    leaves: int = 15
    min_rows: int = 200
    teacher_rate: float = 0.05
    feature_share: float = 0.5
    row_share: float = 0.8
    l2: float = 5.0

    def boosting(self, gap: int) -> Boosting:
        """The teacher's plan; ``gap`` rows keep labels out of what is held out."""
        return Boosting(
            rounds=self.rounds, learning_rate=self.teacher_rate, leaves=self.leaves, min_rows=self.min_rows,
            feature_share=self.feature_share, row_share=self.row_share, l2=self.l2, bins=127, gap=gap,
        )  # fmt: skip

    def with_(self, config: Mapping[str, Any]) -> "Settings":
        """Some of them otherwise."""
        return replace(self, **config)

    def as_dict(self) -> dict[str, Any]:
        """All of them, JSON."""
        return asdict(self)
