"""Pages of the documentation, and the blocks of code in them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
NOT_RUN = re.compile(r"<!-- not run: (.{10,}) -->")


class Block(NamedTuple):
    """One fenced block: its language, its text, the line it starts on, why it is not run ('' if it is)."""

    language: str
    text: str
    line: int
    excuse: str


def pages() -> list[Path]:
    """Every page a person wrote, in order of path."""
    written = [page for page in (ROOT / "docs").rglob("*.md") if "reference" not in page.parts]
    return sorted([*ROOT.glob("*.md"), *written])


def blocks(text: str) -> list[Block]:
    """Fenced blocks of a page; a comment ``<!-- not run: why -->`` just above excuses one."""
    found = []
    for match in re.finditer(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        above = text[: match.start()].rstrip().rpartition("\n")[2]
        excuse = NOT_RUN.fullmatch(above.strip())
        line = text.count("\n", 0, match.start()) + 2
        found.append(Block(match[1], match[2], line, excuse[1] if excuse else ""))
    return found


def commands(text: str) -> list[str]:
    """The ``$ alphaloop ...`` lines of a console block, continuation lines joined."""
    joined = text.replace("\\\n", " ")
    return [line[2:].strip() for line in joined.splitlines() if line.startswith("$ alphaloop")]
