"""MLflow as it really is, where it is installed; what needs no MLflow, everywhere."""

from pathlib import Path

import pytest

from alphaloop.core.errors import MissingExtra
from alphaloop.registry.export import tracking
from tests.registry.builders import SLOT, activate, evidence, open_ledger, put_on_paper, register

NAME = "alphaloop.BTCUSDT.1h.gbm"


def test_without_mlflow_the_extra_is_named(monkeypatch, ledger) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda _: None)

    with ledger.journal.reading() as page, pytest.raises(MissingExtra, match=r"alphaloop\[mlflow\]"):
        tracking.export_mlflow(page, ledger.artifacts, "sqlite:///x.db")


@pytest.mark.slow
def test_versions_and_aliases_follow_the_ledger(tmp_path, monkeypatch) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra [mlflow] is not installed")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    ledger, uri = open_ledger(tmp_path / "home"), f"sqlite:///{tmp_path}/mlflow.db"
    client = mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)

    def export() -> dict[str, int]:
        with ledger.journal.reading() as page:
            return tracking.export_mlflow(page, ledger.artifacts, uri)

    def aliases() -> dict[str, str]:
        found = client.get_registered_model(NAME).aliases
        return {alias: client.get_model_version(NAME, version).tags[tracking.TAG] for alias, version in found.items()}

    first, second, third = activate(ledger, 1), activate(ledger, 2), put_on_paper(ledger, 3)
    ledger.add_evidence(evidence(second), author="ann")
    told = export()

    assert told == {"models": 1, "candidates": 3, "new": 3}
    assert aliases() == {"active": second, "previous": first, "paper": third}
    version = client.get_model_version_by_alias(NAME, "active")
    run = client.get_run(version.run_id)
    assert (run.data.params["table.market_bars"], run.data.metrics["sharpe"]) == ("3", 0.1)
    place = client.download_artifacts(version.run_id, "model", str(tmp_path))
    assert [file.read_bytes() for file in Path(place).iterdir()] == [f"model {SLOT} 2".encode()]
    assert version.source.endswith("/model")
    assert list(here.iterdir()) == []  # nothing is left where the command happens to run

    ledger.rollback(SLOT, reason="drift", author="ann")
    ledger.promote(third, to="retired", reason="no", author="ann")
    register(ledger, 4)

    assert export() == {"models": 1, "candidates": 4, "new": 1}
    assert aliases() == {"active": first, "previous": second}
    assert {one.tags["alphaloop.stage"] for one in client.search_model_versions(f"name = '{NAME}'")} == {
        "active", "retired", "candidate",
    }  # fmt: skip
