"""The machine: what its tools say, what they fail to say, and where nothing is."""

import subprocess

from alphaloop.training.launch.facts import Gpu
from alphaloop.training.launch.machine import machine_here
from tests.training.launch.test_facts import BUS, NVLINK, TWO


def tools(**answers):
    """A machine whose tools answer so; one that is not named is not there."""

    def ask(command):
        answer = answers.get("topo" if "topo" in command else "gpus", FileNotFoundError(command[0]))
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ask


def test_two_gpus_with_nvlink(tmp_path):
    found = machine_here(tmp_path / "not" / "yet", tools(gpus=TWO, topo=NVLINK))

    assert [one.index for one in found.gpus] == [0, 1]
    assert found.nvlink
    assert found.as_dict()["gpus"][0]["memory"] == 81920
    assert found.cores >= 1
    assert found.disk_free > 0
    assert "python" in found.packages


def test_without_a_driver_there_is_no_gpu_and_nothing_to_say(tmp_path):
    found = machine_here(tmp_path, tools())

    assert (found.gpus, found.links, found.nvlink, found.said) == ((), (), False, ())


def test_a_driver_that_fails_says_why(tmp_path):
    broken = subprocess.CalledProcessError(9, "nvidia-smi", output="NVIDIA-SMI has failed:\n no driver\n")

    assert machine_here(tmp_path, tools(gpus=broken)).said == ("nvidia-smi: NVIDIA-SMI has failed: no driver",)
    assert machine_here(tmp_path, tools(gpus="rubbish")).said[0].startswith("nvidia-smi: found nvidia-smi: 'rubbish'")


def test_a_topology_that_fails_takes_no_gpu_away(tmp_path):
    found = machine_here(tmp_path, tools(gpus=TWO, topo=subprocess.TimeoutExpired("nvidia-smi", 30)))

    assert len(found.gpus) == 2
    assert found.said[0].startswith("nvidia-smi topo:")


def test_one_gpu_is_asked_for_no_links(tmp_path):
    found = machine_here(tmp_path, tools(gpus=TWO.splitlines()[0], topo=AssertionError("asked")))

    assert found.gpus == (Gpu(0, "NVIDIA A100-SXM4-80GB", 81920, 4, "535.104.05"),)


def test_nvlink_is_between_all_or_it_is_not(tmp_path):
    three = TWO + "2, NVIDIA A100-SXM4-80GB, 81920, 4, 535.104.05\n"

    assert not machine_here(tmp_path, tools(gpus=three, topo=BUS)).nvlink
