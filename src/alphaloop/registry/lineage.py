"""Lineage: all that must be known to make a model again.

Code by version and by the hash of every source file, data by table versions, features by
schema hash; the seed, the packages, and the study whose trials found the model.
"""

import platform
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import alphaloop

PACKAGES = ("lightgbm", "numba", "numpy", "optuna", "polars", "scikit-learn", "scipy", "torch")
"""What can change a model without changing our code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Where a model comes from.

    Parameters
    ----------
    code_version, code_hash : str
        Of the package; the hash covers every source file.
    tables : tuple of (table, version)
        Tables of the lake that were read.
    schema_hash : str
        Of the feature schema.
    seed : int
    environment : tuple of (name, version)
        Python, platform and packages.
    study : str
        Whose trials found it; the ledger counts them.
    recipe : str
        Command or configuration that makes it again.
    """

    code_version: str
    code_hash: str
    tables: tuple[tuple[str, int], ...] = ()
    schema_hash: str = ""
    seed: int = 0
    environment: tuple[tuple[str, str], ...] = ()
    study: str = ""
    recipe: str = ""


def lineage_here(
    *,
    tables: tuple[tuple[str, int], ...] = (),
    schema_hash: str = "",
    seed: int = 0,
    study: str = "",
    recipe: str = "",
) -> Lineage:
    """The lineage of a model made by the code and packages that run now.

    Examples
    --------
    >>> made = lineage_here(tables=(("market_bars", 3),), seed=7, study="btc-1h")
    >>> made.tables, len(made.code_hash), dict(made.environment)["python"][:2]
    ((('market_bars', 3),), 64, '3.')
    """
    return Lineage(
        code_version=alphaloop.__version__,
        code_hash=code_hash(),
        tables=tables,
        schema_hash=schema_hash,
        seed=seed,
        environment=environment(),
        study=study,
        recipe=recipe,
    )


@lru_cache(maxsize=1)
def environment() -> tuple[tuple[str, str], ...]:
    """Python, platform and the versions of :data:`PACKAGES` that are installed."""
    found = [("python", platform.python_version()), ("platform", f"{platform.system()} {platform.machine()}")]
    for name in PACKAGES:
        try:
            found.append((name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


@lru_cache(maxsize=1)
def code_hash() -> str:
    """SHA-256 over the names and contents of all source files of the package."""
    root = Path(alphaloop.__file__).parent
    state = sha256()
    for file in sorted(root.rglob("*.py")):
        state.update(file.relative_to(root).as_posix().encode() + b"\0")
        state.update(sha256(file.read_bytes()).digest())
    return state.hexdigest()
