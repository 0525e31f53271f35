"""Entries and the hashes that chain them: change one, and everything after it stops to fit.

An entry's hash covers all of it and the hash of the entry before. Text is hashed as it is
stored; nothing is parsed for it.
"""

import json
from hashlib import sha256
from typing import Any, NamedTuple

from alphaloop.registry.records import canonical

GENESIS = "0" * 64
"""What the first entry follows."""


class Entry(NamedTuple):
    """One fact in the ledger.

    Parameters
    ----------
    seq : int
        1, 2, 3, ... without a gap.
    at : int, microseconds UTC
        Never before the entry before it.
    kind : str
        ``candidate``, ``evidence``, ``verdict``, ``move``, ``trial``, ``trial-done``, ...
    subject : str
        Id of the candidate, trial or run it is about.
    scope : str
        What the subject belongs to: the slot of a candidate, the study of a trial.
    figure : float or None
        The one number that is added up in SQL: the Sharpe of a trial, per period.
    author : str
    body : str
        Canonical JSON, an object.
    prev, hash : str, SHA-256 hex
    """

    seq: int
    at: int
    kind: str
    subject: str
    scope: str
    figure: float | None
    author: str
    body: str
    prev: str
    hash: str

    @property
    def data(self) -> dict[str, Any]:
        """The body, parsed."""
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def expected_hash(self) -> str:
        """The hash that this content must have."""
        return sha256(canonical(list(self[:-1])).encode()).hexdigest()


def sealed(seq: int, at: int, kind: str, about: tuple[str, str, float | None, str, str], prev: str) -> Entry:
    """An entry with its hash; ``about`` is subject, scope, figure, author and body.

    Examples
    --------
    >>> entry = sealed(1, 0, "note", ("", "", None, "ann", "{}"), GENESIS)
    >>> entry.hash == entry.expected_hash, entry._replace(author="bob").expected_hash == entry.hash
    (True, False)
    """
    entry = Entry(seq, at, kind, *about, prev, "")
    return entry._replace(hash=entry.expected_hash)
