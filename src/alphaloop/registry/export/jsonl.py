"""``candidate_registry.jsonl``: one line a candidate, in order of registration.

Written anew from the ledger each time, in one step; nobody reads it back.
"""

import os
from pathlib import Path

from alphaloop.registry.catalogue import candidates, dossier
from alphaloop.registry.journal import Page
from alphaloop.registry.records import canonical

FILE = "candidate_registry.jsonl"


def export_jsonl(page: Page, path: Path) -> int:
    """Write every candidate with all that is known of it; returns the number of lines.

    Parameters
    ----------
    page : Page
    path : Path
        A file; what was there is replaced.
    """
    lines = [canonical(dossier(page, one["id"])) for one in candidates(page)]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    draft.replace(path)
    return len(lines)
