"""Arrays of a data set on disk: one folder a symbol, memory-mapped, described by a manifest.

A symbol's folder is written beside its place and moved there when it is whole, and the
manifest names only symbols that are there: an interrupted build goes on at the symbol it
was at, and a reader never meets half of one.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alphaloop.core.errors import NoData, SchemaViolation, UnreadableFile
from alphaloop.models.windows import Array

FORMAT = 2
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a data set holds, and from what it was made.

    Parameters
    ----------
    timeframe : str
    features : tuple of str
        Columns of ``values``.
    schema_hash : str
    horizons : tuple of str
        Columns of the labels, e.g. ``("1h", "4h")``.
    versions : mapping
        Lake tables and their versions when it was made.
    made_of : mapping
        Label rules, costs, window: whatever else decides a number.
    """

    timeframe: str
    features: tuple[str, ...]
    schema_hash: str
    horizons: tuple[str, ...]
    versions: Mapping[str, int]
    made_of: Mapping[str, Any]


@dataclass(frozen=True, eq=False, slots=True)
class SymbolRows:
    """One symbol's rows, oldest first. R rows, F features, H horizons; arrays are memory maps.

    Parameters
    ----------
    symbol : str
    now : int array, shape (R,), microseconds UTC
        When each decision is taken.
    values : float32 array, shape (R, F)
        NaN where unknown.
    fwd_ret, cost_long, cost_short, utility : float64 arrays, shape (R, H)
        Fractions; NaN where there is no label.
    ends : int array, shape (R, H), microseconds UTC
        The last instant each label reads; 0 where there is none.
    derived : bool array, shape (R,)
        Whether the bar behind the row was simulated or derived.
    held : float64 array, shape (R,), fraction
        What one unit long earns from this decision's fill to the next one's, funding paid, before cost;
        NaN where there is none. What positions are paid by.
    volatility : float64 array, shape (R,), fraction
        Of one bar, as known at the decision.
    """

    symbol: str
    now: Array
    values: Array
    fwd_ret: Array
    cost_long: Array
    cost_short: Array
    utility: Array
    ends: Array
    derived: Array
    held: Array
    volatility: Array

    def __len__(self) -> int:
        return len(self.now)


ARRAYS = (
    "now", "values", "fwd_ret", "cost_long", "cost_short", "utility", "ends", "derived", "held", "volatility",
)  # fmt: skip


class Store:
    """A data set's folder.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, description: Description) -> None:
        """Start, or go on with, a data set of this description.

        Raises
        ------
        SchemaViolation
            If another data set is there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / _MANIFEST).exists():
            if self._read()["description"] != _plain(description):
                raise SchemaViolation(
                    f"{self.folder.name}: made otherwise", "one description a folder", "choose another folder"
                )
            return
        self._write(description, [])

    def add(self, rows: SymbolRows) -> None:
        """Write one symbol whole; one that is there already is replaced."""
        target, partial = self.folder / rows.symbol, self.folder / f".{rows.symbol}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name in ARRAYS:
            np.save(partial / f"{name}.npy", getattr(rows, name), allow_pickle=False)
        shutil.rmtree(target, ignore_errors=True)
        partial.replace(target)
        held = self._read()
        held["symbols"] = sorted({*held["symbols"], rows.symbol})
        self._put(held)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols that are there, whole."""
        return tuple(self._read()["symbols"])

    @property
    def description(self) -> Description:
        """What the manifest says."""
        held = self._read()["description"]
        tuples = {name: tuple(held[name]) for name in ("features", "horizons")}
        return Description(**{**held, **tuples})

    def rows(self, symbol: str) -> SymbolRows:
        """One symbol's arrays, mapped, not read.

        Raises
        ------
        NoData
            If the symbol is not in the data set.
        UnreadableFile
            If an array is missing or cut short.
        """
        if symbol not in self.symbols:
            raise NoData(f"no {symbol} in {self.folder.name}", f"one of {', '.join(self.symbols)}", "build it")
        arrays = {name: self._map(symbol, name) for name in ARRAYS}
        lengths = {len(one) for one in arrays.values()}
        if len(lengths) != 1:
            raise UnreadableFile(f"{symbol}: arrays of lengths {sorted(lengths)}", "one length", "build it again")
        return SymbolRows(symbol, **arrays)

    def _map(self, symbol: str, name: str) -> Array:
        path = self.folder / symbol / f"{name}.npy"
        try:
            mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise UnreadableFile(
                f"{symbol}/{path.name}: {error}", "an array as it was saved", "build it again"
            ) from error
        return mapped

    def _read(self) -> dict[str, Any]:
        try:
            held: dict[str, Any] = json.loads((self.folder / _MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{self.folder.name}: {error}", "the manifest of a data set", "build it") from error
        if held.get("format") != FORMAT:
            raise UnreadableFile(f"{self.folder.name}: format {held.get('format')}", f"{FORMAT}", "build it again")
        return held

    def _write(self, description: Description, symbols: Sequence[str]) -> None:
        self._put({"format": FORMAT, "description": _plain(description), "symbols": list(symbols)})

    def _put(self, held: Mapping[str, Any]) -> None:
        partial = self.folder / f".{_MANIFEST}.partial"
        partial.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        partial.replace(self.folder / _MANIFEST)


def _plain(description: Description) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(description)))
    return plain
