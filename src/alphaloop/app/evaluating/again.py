"""A candidate made again: its chain by its recipe, its examples from the data set it was trained on.

The manifest names everything by hash. Examples are believed only if their digest is the manifest's, so that
what is measured is measured on the very rows the candidate was made from.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alphaloop.core.errors import AlphaloopError, InvalidOption, MissingExtra, NoData, UnreadableFile
from alphaloop.datasets.windows.store import Store
from alphaloop.registry.evidence import Evidence
from alphaloop.registry.ledger import EVIDENCE, Ledger, candidate_entry
from alphaloop.registry.lineage import code_hash
from alphaloop.registry.records import plain
from alphaloop.training.chain.asked import Asked
from alphaloop.training.chain.enter import Manifest, read_manifest
from alphaloop.training.chain.examples import Examples, examples_of
from alphaloop.training.chain.learner import Chain, Fitting, Make

DATA_SETS, RUNS = "datasets", "runs"


@dataclass(frozen=True, eq=False, kw_only=True)
class Again:
    """A candidate, ready to be walked again.

    Parameters
    ----------
    candidate, symbol, horizon, kind, artifact, command : str
        As the ledger has them; ``artifact`` is the hash of the manifest, ``command`` trained it.
    manifest : dict
    asked : Asked
    chain : Chain
    examples : Examples
    evidence : Evidence or None
        The newest there is of it.
    """

    candidate: str
    symbol: str
    horizon: str
    kind: str
    artifact: str
    command: str
    manifest: Manifest
    asked: Asked
    chain: Chain
    examples: Examples
    evidence: Evidence | None

    @property
    def make(self) -> Make:
        """Of the variant that is the candidate."""
        return self.chain.variants[self.chain.chosen]

    @property
    def place(self) -> int:
        """Of its horizon among the examples'."""
        return self.examples.horizons.index(self.horizon)

    def fitting(self, runs: Path, what: str) -> Fitting:
        """As it was fitted, in a folder of its own: candidates of one model and several horizons share it."""
        effort = self.asked.effort
        folder = runs / f"{what}-{self.artifact[:16]}-{code_hash()[:12]}"
        return Fitting(
            folder=folder, seed=self.asked.seed, embargo_us=self.asked.embargo_us, inner_folds=effort.inner_folds,
            epochs=effort.epochs,
        )  # fmt: skip


def again(home: Path, ledger: Ledger, name: str) -> Again:
    """A candidate by its id, or the beginning of it.

    Raises
    ------
    UnknownName
        If there is no such candidate, or nobody knows its kind.
    InvalidOption
        If it is no forecaster of returns: a rule, or a score of events.
    NoData
        If the data set it was trained on is gone.
    UnreadableFile, LedgerTampered
        If its manifest is gone, or not what it was.
    """
    with ledger.journal.reading() as page:
        entry = candidate_entry(page, name)
        newest = page.last(EVIDENCE, subject=entry.subject)
    kind, data = str(entry.data["kind"]), entry.data
    if kind not in CHAINS:
        found = f"{entry.subject}, a candidate of kind '{kind}'"
        raise InvalidOption(found, f"a forecaster: {', '.join(CHAINS)}", "see: alphaloop registry list")
    manifest = read_manifest(ledger.artifacts, str(data["artifact"]))
    asked = asked_of(manifest)
    symbol, lineage = str(manifest["symbol"]), data["lineage"]
    command = str(lineage["recipe"])
    return Again(
        candidate=entry.subject, symbol=symbol, horizon=str(data["horizon"]), kind=kind,
        artifact=str(data["artifact"]), command=command, manifest=manifest, asked=asked,
        chain=chain_again(kind, asked, manifest), examples=examples_again(home, manifest, asked, command),
        evidence=None if newest is None else Evidence.from_json(newest.body),
    )  # fmt: skip


def asked_of(manifest: Mapping[str, Any]) -> Asked:
    """What the training run was asked for.

    Raises
    ------
    UnreadableFile
        If the manifest does not say, or another version of the program made it.
    """
    try:
        held = dict(manifest["asked"])
        lists = {name: tuple(held[name]) for name in ("symbols", "horizons")}
        made = Asked(**{**held, **lists})
        effort = plain(made.effort)
    except (KeyError, TypeError) as error:
        raise UnreadableFile(f"a manifest without {error}", "what was asked for", "train it again") from error
    if effort != manifest["effort"]:
        found = f"{made.mode} training with {manifest['effort']}"
        raise UnreadableFile(found, f"{effort}, as this version has it", "train it again")
    return made


def chain_again(kind: str, asked: Asked, manifest: Mapping[str, Any]) -> Chain:
    """The chain with the recipe of the manifest: settings as they were given, and as the search left them.

    Raises
    ------
    UnreadableFile
        If this version of the program makes another recipe of the same settings.
    MissingExtra
        If it takes a package that is not installed.
    """
    recipe = dict(manifest["recipe"])
    chain = CHAINS[kind]()(asked)
    found = recipe.get("searched") or []
    if found and chain.search is not None:
        chain = chain.search.then({one: recipe[one] for one in found})
    made, chosen = plain(dict(chain.recipe)), str(manifest["chosen"])
    told = sorted(one for one in {*recipe, *made} if recipe.get(one) != made.get(one))
    if told:
        raise UnreadableFile(f"a recipe that differs in {', '.join(told)}", "that of this version", "train it again")
    if chosen not in chain.variants:
        raise UnreadableFile(f"variant '{chosen}'", f"one of {', '.join(chain.variants)}", "train it again")
    return replace(chain, chosen=chosen)  # some name their candidate by a block that nothing is scored on


def examples_again(home: Path, manifest: Mapping[str, Any], asked: Asked, command: str) -> Examples:
    """The examples the candidate was trained on, found among the data sets of the home.

    Raises
    ------
    NoData
        If none of them has these rows.
    """
    for store in _stores(home, manifest):
        try:
            made = examples_of(store, str(manifest["symbol"]), asked, float(manifest["cost"]))
        except AlphaloopError:  # another window, or a damaged one: not it
            continue
        if made.digest == manifest["examples"]:
            return made
    raise NoData(
        f"no data set with the rows {manifest['examples'][:12]} of {manifest['symbol']}",
        "the one the candidate was trained on",
        f"make it again: {command}",
    )


def _stores(home: Path, manifest: Mapping[str, Any]) -> Iterator[Store]:
    """Data sets of the manifest's features that hold the symbol."""
    for folder in sorted((home / DATA_SETS).glob("*")):
        store = Store(folder)
        try:
            alike = store.description.schema_hash == manifest["schema_hash"]
            if alike and manifest["symbol"] in store.symbols:
                yield store
        except AlphaloopError:
            continue


def _liquid() -> Callable[[Asked], Chain]:
    _need_torch()
    from alphaloop.training.liquid.chain import liquid

    return liquid


def _multimodal() -> Callable[[Asked], Chain]:
    from alphaloop.training.multimodal.chain import multimodal

    return multimodal


def _backbones() -> Callable[[Asked], Chain]:
    from alphaloop.training.backbones.chain import backbones

    return backbones


def _need_torch() -> None:
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtra("torch", "torch") from error


CHAINS: Mapping[str, Callable[[], Callable[[Asked], Chain]]] = {
    "liquid": _liquid,
    "multimodal": _multimodal,
    "backbones": _backbones,
}
"""How the chain of each kind of forecaster is made; imported when asked for, some need torch."""
