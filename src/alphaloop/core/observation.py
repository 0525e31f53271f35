"""Observations: all that deciding may know at ``now``.

Every number here was available at or before ``now``; ``tests/laws`` proves it by
rewriting the future. Shapes: A assets, F features, L lookback rows.
"""

from collections.abc import Mapping
from hashlib import blake2b
from struct import Struct
from types import MappingProxyType
from typing import Any, NamedTuple

from alphaloop.core.account import AccountView
from alphaloop.core.errors import UnknownName
from alphaloop.core.market import Bools, Floats

_INT64 = Struct("<q").pack
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Observation(NamedTuple):
    """The only thing a policy sees.

    Parameters
    ----------
    now : int, microseconds UTC
    symbols : tuple of str, length A
    features : tuple of str, length F
        Column names of ``values``.
    values : float array, shape (A, F)
        Newest row; read only where ``mask`` is true.
    mask : bool array, shape (A, F)
        True where the value is known.
    windows : float array, shape (L, A, F)
        The last L rows, oldest first; NaN before history begins.
    account : AccountView
    schema_hash : str
        Of the feature contract that made the columns.
    frames : mapping of symbol to {timeframe: summary}
    regimes : mapping of symbol to regime
    texts : tuple of quarantined texts
    """

    now: int
    symbols: tuple[str, ...]
    features: tuple[str, ...]
    values: Floats
    mask: Bools
    windows: Floats
    account: AccountView
    schema_hash: str
    frames: Mapping[str, Mapping[str, Any]] = NOTHING
    regimes: Mapping[str, Any] = NOTHING
    texts: tuple[Any, ...] = ()

    def column(self, name: str) -> Floats:
        """One feature of all assets, shape (A,); NaN where unknown."""
        try:
            return self.values[:, self.features.index(name)]
        except ValueError as error:
            raise UnknownName(
                f"feature '{name}'", f"one of {self.features}", "add it to the policy's features"
            ) from error

    def digest(self) -> bytes:
        """16 bytes that change when anything the policy could read of the market changes."""
        state = blake2b(self.values.tobytes(), digest_size=16)
        state.update(self.mask.tobytes() + _INT64(self.now))
        if self.frames or self.regimes or self.texts:
            state.update(repr((self.frames, self.regimes, self.texts)).encode())
        return state.digest()
