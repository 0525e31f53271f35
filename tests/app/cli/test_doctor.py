"""``alphaloop doctor``: what is fine, what is absent, what is degraded."""

import shutil
from collections import namedtuple

from alphaloop.app.cli import doctor
from alphaloop.execution.simulator import batch
from tests.app.cli.builders import call


def checks(result) -> dict[str, dict[str, str]]:
    return {row["check"]: row for row in result.json["checks"]}


def test_a_healthy_installation(home):
    result = call("doctor", "--json", home=home)

    found = checks(result)
    assert (result.code, result.json["ok"]) == (0, True)
    assert {found[name]["state"] for name in ("python", "packages", "simulator", "home")} == {"ok"}
    assert f"{home}, " in found["home"]["detail"]
    assert {f"[{extra}]" for extra in doctor.EXTRAS} <= set(found)
    assert "simulator" in call("doctor", home=home).out


def test_a_home_that_does_not_exist_yet_is_fine(tmp_path):
    found = checks(call("doctor", "--json", home=tmp_path / "new" / "home"))

    assert found["home"]["state"] == "ok"
    assert "0 tables" in found["home"]["detail"]
    assert not (tmp_path / "new").exists()


def test_a_missing_package_degrades(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "REQUIRED", ("numpy", "no-such-package"))

    result = call("doctor", "--json", home=tmp_path)

    assert (result.code, result.json["ok"]) == (1, False)
    assert checks(result)["missing"]["detail"] == "no-such-package"


def test_a_missing_extra_is_absent_and_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "EXTRAS", {"ray": ("no-such-package",), "none": ("numpy",)})

    result = call("doctor", "--json", home=tmp_path)

    found = checks(result)
    assert result.code == 0
    assert (found["[ray]"]["state"], found["[none]"]["state"]) == ("absent", "ok")
    assert "pip install 'alphaloop[ray]'" in found["[ray]"]["detail"]


def test_a_wrong_kernel_degrades(monkeypatch, tmp_path):
    right = batch.simulate

    def wrong(market, plan, instruments, cash):
        return right(market, plan, instruments, cash + 1.0)

    monkeypatch.setattr(batch, "simulate", wrong)

    result = call("doctor", "--json", home=tmp_path)

    assert (result.code, checks(result)["simulator"]["state"]) == (1, "degraded")


def test_a_full_disk_degrades(monkeypatch, tmp_path):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: usage(10, 10, 0))

    assert call("doctor", home=tmp_path).code == 1
