"""Export to MLflow: a registered model for each slot, a version for each candidate, aliases for stages.

MLflow shows; it does not decide. What is there already is found by its tag and only has its
stage and aliases brought up to date, so an export may be repeated at will.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from alphaloop.core.errors import MissingExtra
from alphaloop.registry.artifacts import Artifacts
from alphaloop.registry.catalogue import candidates, dossier, history
from alphaloop.registry.journal import Page
from alphaloop.registry.promotion import Slot, Stage
from alphaloop.registry.records import canonical

EXPERIMENT = "alphaloop"
TAG = "alphaloop.candidate"
ALIASES = ("active", "previous", "paper")

Json = dict[str, Any]


def export_mlflow(page: Page, artifacts: Artifacts, uri: str) -> dict[str, int]:
    """Bring an MLflow registry up to date.

    Parameters
    ----------
    page : Page
    artifacts : Artifacts
        Files are copied into the run of each version.
    uri : str
        Of the tracking server or store, e.g. ``sqlite:///mlflow.db``.

    Returns
    -------
    dict
        ``models`` and ``candidates`` in the ledger, ``new`` versions made now.

    Raises
    ------
    MissingExtra
        If MLflow is not installed.
    """
    if find_spec("mlflow") is None:
        raise MissingExtra("mlflow", "mlflow")
    client = import_module("mlflow").MlflowClient(tracking_uri=uri, registry_uri=uri)
    lines, new = candidates(page), 0
    slots = sorted({Slot(one["symbol"], one["horizon"], one["kind"]) for one in lines})
    for slot in slots:
        name, held = model_name(slot), _versions(client, slot)
        own = [one for one in lines if (one["symbol"], one["horizon"], one["kind"]) == slot]
        for line in own:
            if line["id"] not in held:
                held[line["id"]] = _publish(client, name, dossier(page, line["id"]), artifacts, uri)
                new += 1
            client.set_model_version_tag(name, held[line["id"]], "alphaloop.stage", line["stage"])
        _point(client, name, held, _pointed(page, slot, own))
    return {"models": len(slots), "candidates": len(lines), "new": new}


def model_name(slot: Slot) -> str:
    """Name of a slot's registered model.

    Examples
    --------
    >>> model_name(Slot("BTCUSDT", "1h", "gbm"))
    'alphaloop.BTCUSDT.1h.gbm'
    """
    return ".".join(("alphaloop", *slot))


def _versions(client: Any, slot: Slot) -> dict[str, str]:
    """Versions that are there, by candidate; the model is made if it is not."""
    name = model_name(slot)
    if not client.search_registered_models(filter_string=f"name = '{name}'"):
        client.create_registered_model(name, tags=slot._asdict())
    found, token = {}, None
    while True:
        some = client.search_model_versions(f"name = '{name}'", page_token=token)
        found.update({one.tags[TAG]: str(one.version) for one in some if TAG in one.tags})
        token = some.token
        if not token:
            return found


def _publish(client: Any, name: str, told: Json, artifacts: Artifacts, uri: str) -> str:
    """A run with lineage, figures and file, and a version that points to it."""
    tags = {TAG: told["id"], "alphaloop.entry": str(told["entry"]), "alphaloop.hash": told["hash"]}
    run = client.create_run(
        _experiment(client, uri), start_time=told["registered_at"] // 1000, run_name=told["model"], tags=tags
    )
    identity = run.info.run_id
    for key, value in _params(told).items():
        client.log_param(identity, key, value)
    for key, figure in _figures(told).items():
        client.log_metric(identity, key, figure, timestamp=told["registered_at"] // 1000)
    artifacts.get(told["artifact"])  # a changed file is not published
    client.log_artifact(identity, str(artifacts.path(told["artifact"])), "model")
    client.log_text(identity, canonical(told), "candidate.json")
    client.set_terminated(identity, end_time=told["registered_at"] // 1000)
    source = f"{run.info.artifact_uri}/model"
    return str(client.create_model_version(name, source, run_id=identity, tags=tags).version)


def _experiment(client: Any, uri: str) -> str:
    held = client.get_experiment_by_name(EXPERIMENT)
    if held is not None:
        return str(held.experiment_id)
    place = None
    if uri.startswith("sqlite:///"):  # beside the database, not where the command happens to run
        place = (Path(urlsplit(uri).path.removeprefix("/")).resolve().parent / "mlflow-artifacts").as_uri()
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def _params(told: Json) -> dict[str, str]:
    lineage = told["lineage"]
    plain = {key: lineage[key] for key in ("code_version", "code_hash", "schema_hash", "seed", "study", "recipe")}
    tables = {f"table.{name}": version for name, version in lineage["tables"].items()}
    packages = {f"package.{name}": version for name, version in lineage["environment"].items()}
    found = {"artifact": told["artifact"], **plain, **tables, **packages}
    return {key: str(value)[:6000] for key, value in found.items() if value != ""}


def _figures(told: Json) -> dict[str, float]:
    """Numbers of the newest evidence."""
    newest = told["evidence"][-1] if told["evidence"] else {}
    left_out = ("entry", "at")
    numbers = {key: value for key, value in newest.items() if isinstance(value, int | float) and key not in left_out}
    return {key: float(value) for key, value in numbers.items()}


def _pointed(page: Page, slot: Slot, own: list[Json]) -> dict[str, str]:
    """Candidate of each alias, where there is one."""
    reigns = history(page, slot)
    paper = [one["id"] for one in own if one["stage"] == Stage.PAPER]
    found = {"paper": paper[-1]} if paper else {}
    if reigns:
        found["active"] = reigns[-1].candidate
    if len(reigns) > 1:
        found["previous"] = reigns[-2].candidate
    return found


def _point(client: Any, name: str, held: dict[str, str], wanted: dict[str, str]) -> None:
    now = client.get_registered_model(name).aliases
    for alias in ALIASES:
        if alias in wanted:
            client.set_registered_model_alias(name, alias, held[wanted[alias]])
        elif alias in now:
            client.delete_registered_model_alias(name, alias)
