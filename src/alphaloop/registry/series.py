"""Series: the out-of-sample returns behind a claim, as bytes an artifact store can hold.

Evidence names them by the hash of these bytes; a verdict page draws them. One row a period.
"""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
import polars as pl

from alphaloop.core.errors import SchemaViolation, UnreadableFile
from alphaloop.core.market import Floats, Ints

_COLUMNS = ("now", "net", "benchmark")


@dataclass(frozen=True, eq=False)
class Series:
    """Net returns of a candidate, period by period. P periods.

    Parameters
    ----------
    now : int array, shape (P,), microseconds UTC, ascending
        Ends of the periods.
    net : float array, shape (P,), fraction
        After all costs.
    benchmark : float array, shape (P,), fraction
        Of buying and holding.
    active : float array, shape (P,), fraction, optional
        Of what was active when the candidate was judged.

    Raises
    ------
    SchemaViolation
        If lengths differ, times do not ascend, or a return is not finite.

    Examples
    --------
    >>> made = Series(np.array([1, 2]), np.array([0.01, -0.02]), np.zeros(2))
    >>> Series.of_bytes(made.to_bytes()).net.tolist()
    [0.01, -0.02]
    """

    now: Ints
    net: Floats
    benchmark: Floats
    active: Floats | None = None

    def __post_init__(self) -> None:
        values = [self.net, self.benchmark, *([] if self.active is None else [self.active])]
        lengths = {one.shape for one in values} | {self.now.shape}
        finite = all(bool(np.isfinite(one).all()) for one in values)
        if len(lengths) > 1 or self.now.ndim != 1 or not finite or bool((np.diff(self.now) <= 0).any()):
            raise SchemaViolation(f"series of shapes {lengths}", "one finite return for each ascending time", "")

    def to_bytes(self) -> bytes:
        """Parquet; equal series give equal bytes."""
        columns = {"now": self.now, "net": self.net, "benchmark": self.benchmark}
        if self.active is not None:
            columns["active"] = self.active
        stream = BytesIO()
        pl.DataFrame(columns).write_parquet(stream, compression="zstd", statistics=False)
        return stream.getvalue()

    @classmethod
    def of_bytes(cls, content: bytes) -> "Series":
        """What :meth:`to_bytes` wrote.

        Raises
        ------
        UnreadableFile
            If it is not such a file.
        """
        try:
            frame = pl.read_parquet(BytesIO(content))
            found = {name: frame[name].to_numpy() for name in frame.columns}
            now, net, benchmark = (found[name] for name in _COLUMNS)
            return cls(now, net, benchmark, found.get("active"))
        except (pl.exceptions.PolarsError, KeyError, OSError) as error:
            raise UnreadableFile(f"an unreadable series: {error}", f"columns {', '.join(_COLUMNS)}", "") from error
