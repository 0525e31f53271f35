"""Write docs/features.md: every feature of the full matrix, from its declaration.

    python scripts/features_page.py [--check]

With --check nothing is written, and the exit code is 1 if the page is not as it should be.
"""

import sys
from itertools import groupby
from pathlib import Path

from alphaloop.features.contract import Feature, full, listing

PAGE = Path(__file__).parents[1] / "docs" / "features.md"
HEAD = """# Features

Made by `scripts/features_page.py` from the declarations; do not edit. The {count} features of
`feature_matrix_main`, schema `{stem}` (`alphaloop features list`). A feature is a Float64 column,
null where it is not known; a Boolean column `m_` plus its name says whether it is. Every value at a
bar depends on what was available by the bar's `available_at` only, and the online view gives the
same bits (`alphaloop features check`).

Lookback counts earlier bars of the symbol. `x[-n]` is the value n bars before. Ages are hours since `available_at`.
"""
MEANING = {
    "price": "Price, volatility, volume, indicators, timeframes",
    "flow": "Order flow",
    "derivatives": "Derivatives",
    "onchain": "On-chain",
    "event": "Events",
    "social": "Social",
    "latent": "Market latent",
    "regime": "Regime",
}


def cell(text: str) -> str:
    """Text that does not end a table cell."""
    return text.replace("|", "\\|")


def rows(features: list[Feature]) -> list[str]:
    """Lines of a table, one a feature."""
    lines = ["| name | unit | formula | inputs | lookback | missing |", "|---|---|---|---|---:|---|"]
    for one in features:
        inputs = ", ".join(f"`{name}`" for name in one.inputs)
        parts = (f"`{one.name}`", one.unit, one.formula, inputs, str(one.lookback), one.missing)
        lines.append("| " + " | ".join(cell(part) for part in parts) + " |")
    return lines


def page() -> str:
    """The whole page."""
    schema = full()
    lines = [HEAD.format(count=len(schema.names), stem=schema.hash[:12])]
    places = {name: place for place, name in enumerate(MEANING)}
    ordered = sorted(schema.features, key=lambda one: places[one.modality])
    for modality, group in groupby(ordered, key=lambda one: one.modality):
        lines += [f"## {MEANING[modality]}", "", *rows(list(group)), ""]
    lines += ["## Families of bars, by pattern", "", "Any of these can be asked for by name with other numbers.", ""]
    lines += ["| pattern | unit | formula | inputs | missing |", "|---|---|---|---|---|"]
    for row in listing():
        parts = (f"`{row['name']}`", row["unit"], row["formula"], row["inputs"], row["missing"])
        lines.append("| " + " | ".join(cell(part) for part in parts) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write or check."""
    made = page()
    if "--check" in sys.argv:
        return int(not PAGE.exists() or PAGE.read_text() != made)
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
