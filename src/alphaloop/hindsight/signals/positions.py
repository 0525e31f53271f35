"""From predictions to positions by a stated rule: what a signal would have had one hold.

Rules are causal: a row reads its own predictions and earlier ones. An abstention (NaN) holds what was held;
before the first prediction nothing is held.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from alphaloop.core.errors import DegenerateData, InvalidOption, SchemaViolation
from alphaloop.core.market import Floats
from alphaloop.hindsight.marks import carry_forward
from alphaloop.hindsight.signals.rows import ranks

Kind = Literal["sign", "threshold", "proportional", "rank"]


@dataclass(frozen=True, slots=True)
class Rule:
    """How predictions become positions. Each symbol has an equal share ``1/A`` of the account.

    Parameters
    ----------
    kind : {"sign", "threshold", "proportional", "rank"}
        ``sign``: the whole share to the side of the prediction. ``threshold``: the same where it is beyond
        ``scale``, nothing elsewhere. ``proportional``: ``prediction / scale`` of the share, at most all of it.
        ``rank``: the symbols of an instant from short to long by rank, as much short as long, shares summing to one;
        a single symbol has no rank.
    scale : float, unit of the prediction, > 0
        Read by ``threshold`` and ``proportional``; the round-trip cost is a good threshold.
    hold : int, rows, 1 or more
        A prediction of ``h`` rows ahead is held for ``h`` rows: each position is the mean of the last ``hold``.

    Raises
    ------
    InvalidOption
        If a setting is out of range.

    Source
    ------
    Overlapping holdings: Jegadeesh and Titman (1993), Journal of Finance 48(1).
    """

    kind: Kind = "sign"
    scale: float = 1.0
    hold: int = 1

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidOption(f"rule '{self.kind}'", f"one of {', '.join(get_args(Kind))}", "")
        if not (np.isfinite(self.scale) and self.scale > 0) or self.hold < 1:
            raise InvalidOption(f"scale {self.scale}, hold {self.hold}", "a scale above zero, hold of 1 or more", "")


def positions(prediction: Floats, rule: Rule) -> Floats:
    """Signed fraction of the account held of each symbol, from each row's prediction on.

    Parameters
    ----------
    prediction : float array, shape (T, A)
        NaN: no prediction. Row ``t`` is known when row ``t`` ends, so it earns the return of row ``t + 1``:
        see :func:`delayed`.
    rule : Rule

    Returns
    -------
    float array, shape (T, A), -1/A to 1/A (``rank``: -1/2 to 1/2)

    Raises
    ------
    SchemaViolation
        If it is no table, or holds infinity.
    DegenerateData
        If a single symbol is to be ranked.

    Examples
    --------
    >>> positions(np.array([[0.3], [np.nan], [-0.1]]), Rule("sign"))[:, 0].tolist()
    [1.0, 1.0, -1.0]
    >>> positions(np.array([[0.3], [0.3], [-0.1]]), Rule("threshold", scale=0.2, hold=2))[:, 0].tolist()
    [0.5, 1.0, 0.5]
    """
    if prediction.ndim != 2 or np.isinf(prediction).any():
        raise SchemaViolation(f"predictions of shape {prediction.shape}, or infinite", "finite, (T, A)", "")
    if rule.kind == "rank" and prediction.shape[1] < 2:
        raise DegenerateData(
            f"ranks among {prediction.shape[1]} symbols", "two symbols or more", "use sign, threshold or proportional"
        )
    wanted = np.nan_to_num(carry_forward(_wanted(prediction, rule)), nan=0.0)
    padded = np.vstack([np.zeros((1, wanted.shape[1])), np.cumsum(wanted, axis=0)])
    before = np.maximum(np.arange(1, len(padded)) - rule.hold, 0)
    return np.asarray((padded[1:] - padded[before]) / rule.hold) if rule.hold > 1 else wanted


def delayed(held: Floats, rows: int = 1) -> Floats:
    """Positions as they earn: decided on row ``t``, held from row ``t + rows`` on; flat before.

    Examples
    --------
    >>> delayed(np.array([[1.0], [0.5], [0.0]]))[:, 0].tolist()
    [0.0, 1.0, 0.5]
    """
    if rows < 0:
        raise InvalidOption(f"a delay of {rows} rows", "0 or more", "a negative one would know the future")
    found = np.zeros_like(held)
    found[rows:] = held[: len(held) - rows]
    return found


def _wanted(prediction: Floats, rule: Rule) -> Floats:
    """What each row alone asks for; NaN where it abstains."""
    if rule.kind == "rank":
        return _by_rank(prediction)
    if rule.kind == "threshold":
        size = np.where(np.isnan(prediction), np.nan, np.sign(prediction) * (np.abs(prediction) > rule.scale))
    elif rule.kind == "proportional":
        size = np.clip(prediction / rule.scale, -1.0, 1.0)
    else:
        size = np.sign(prediction)
    return np.asarray(size / prediction.shape[1])


def _by_rank(prediction: Floats) -> Floats:
    """Ranks about their mean, scaled so that shorts and longs are half each; zero where all are alike."""
    row, column = np.nonzero(~np.isnan(prediction))
    found = np.full(prediction.shape, np.nan)
    if len(row) == 0:
        return found
    place = ranks(prediction[row, column], row)
    count = np.bincount(row, minlength=len(prediction))
    centred = place - (count[row] + 1) / 2.0
    gross = np.bincount(row, np.abs(centred), minlength=len(prediction))
    found[row, column] = np.where(gross[row] > 0, centred / np.where(gross[row] > 0, gross[row], 1.0), 0.0)
    return found
