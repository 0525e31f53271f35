"""Leaks: what the tribunal found stays in the ledger, and counts until the features change."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from alphaloop.registry.journal import Page
from alphaloop.registry.ledger import Ledger

AUDIT = "leak-audit"
LEAST_CUTS = 100  # instants per set of features; fewer looks than this clear nobody


@lru_cache(maxsize=1)
def features_hash() -> str:
    """SHA-256 over the source files of all features."""
    state = sha256()
    for name, content in sorted(_sources(files("alphaloop.features"), "")):
        state.update(name.encode() + b"\0" + sha256(content).digest())
    return state.hexdigest()


def _sources(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for one in folder.iterdir():
        name = f"{path}/{one.name}"
        if one.is_dir():
            found += _sources(one, name)
        elif one.name.endswith(".py"):
            found.append((name, one.read_bytes()))
    return found


def keep(ledger: Ledger, sentence: Mapping[str, Any], author: str) -> int:
    """Enter what ``evaluate leaks`` found; returns the number of the entry."""
    names = ("passed", "leaking", "missed", "accused_twins", "cuts", "features", "planted", "caught")
    learning = [name for one in sentence.get("learning", ()) for name in one["leaking"]]
    body = {**{name: sentence[name] for name in names}, "learning": learning, "features_hash": features_hash()}
    with ledger.journal.writing() as pen:
        return pen.add(AUDIT, body, author=author).seq


def green(page: Page, features: Sequence[str]) -> bool | None:
    """Whether the newest audit clears these features, and the labels, splits and models that everything is judged by.

    Returns
    -------
    bool or None
        None: nobody looked, or hardly; the features changed since; or the tribunal itself failed.
    """
    entry = page.last(AUDIT)
    if entry is None:
        return None
    found = entry.data
    looked = max(found["cuts"].values(), default=0) >= LEAST_CUTS
    if not looked or found["features_hash"] != features_hash() or found["missed"] or found["accused_twins"]:
        return None
    return not (found.get("learning") or set(features) & set(found["leaking"]))
