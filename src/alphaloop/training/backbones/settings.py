"""What may be set of the chain of backbones by ``--set name=value``: a budget, the same for all of them."""

from dataclasses import asdict, dataclass
from typing import Any

from alphaloop.core.errors import InvalidOption, UnknownName

NETWORKS = ("rlinear", "dlinear", "itransformer", "patchtst", "tft", "tsmixer")
ALL = ("ridge", *NETWORKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The budget.

    Parameters
    ----------
    models : str
        Which backbones, joined by ``+``; all of :data:`ALL` where left out.
    max_samples : int
        Windows of a training set, evenly thinned: neighbours tell nearly the same.
    epochs : int
        Of every network, never more than the mode allows; none stops sooner, the best epoch is kept.
    rows : int
        Windows of an epoch, drawn anew from all of them each time.
    batch : int
    learning_rate, huber : float
    held_out : float in (0, 1)
        Newest share of the training rows that says which epoch was best.
    penalty : float
        Of ridge.
    device : str
        ``auto``, ``cpu``, ``cuda``.

    Raises
    ------
    InvalidOption
        If a number is out of its range.
    UnknownName
        If there is no such backbone.
    """

    models: str = "+".join(ALL)
    max_samples: int = 50_000
    epochs: int = 10
    rows: int = 4096
    batch: int = 128
    learning_rate: float = 1e-3
    huber: float = 1.0
    held_out: float = 0.15
    penalty: float = 0.1
    device: str = "auto"

    def __post_init__(self) -> None:
        positive = (self.max_samples, self.epochs, self.rows, self.batch, self.learning_rate, self.huber, self.penalty)
        if min(positive) <= 0 or not 0 < self.held_out < 1:
            raise InvalidOption(f"{self}", "numbers above zero, held_out in (0, 1)", "correct them")
        unknown = [name for name in self.names if name not in ALL]
        if unknown or not self.names:
            raise UnknownName(f"backbone {', '.join(unknown) or '(none)'}", f"some of {'+'.join(ALL)}", "")

    @property
    def names(self) -> tuple[str, ...]:
        """Backbones, in the order of :data:`ALL`."""
        asked = [part.strip() for part in self.models.split("+") if part.strip()]
        return tuple(sorted(set(asked), key=lambda name: ALL.index(name) if name in ALL else len(ALL)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)
