"""What nvidia-smi and /proc print, as recorded text."""

import pytest

from alphaloop.core.errors import UnreadableFile
from alphaloop.training.launch.facts import Gpu, Link, gpus, links, memory

TWO = """0, NVIDIA A100-SXM4-80GB, 81920, 4, 535.104.05
1, NVIDIA A100-SXM4-80GB, 81920, 61000, 535.104.05
"""
NVLINK = """\t\x1b[4mGPU0\tGPU1\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m
GPU0\t X \tNV12\tPXB\t0-31\t0\t\tN/A
GPU1\tNV12\t X \tSYS\t32-63\t1\t\tN/A
NIC0\tPXB\tSYS\t X \t\t\t\t

Legend:

  X    = Self
  SYS  = Connection traversing PCIe as well as the SMP interconnect between NUMA nodes (e.g., QPI/UPI)
  NV#  = Connection traversing a bonded set of # NVLinks
"""
BUS = """\tGPU0\tGPU1\tGPU2\tCPU Affinity
GPU0\t X \tPHB\tSYS\t0-15
GPU1\tPHB\t X \tNV4\t0-15
GPU2\tSYS\tNV4\t X \t0-15
"""


def test_two_gpus():
    assert gpus(TWO) == (
        Gpu(0, "NVIDIA A100-SXM4-80GB", 81920, 4, "535.104.05"),
        Gpu(1, "NVIDIA A100-SXM4-80GB", 81920, 61000, "535.104.05"),
    )


def test_what_the_driver_does_not_say_is_none():
    assert gpus("0, NVIDIA GH200, [N/A], [Not Supported], 550.54\n") == (Gpu(0, "NVIDIA GH200", None, None, "550.54"),)


@pytest.mark.parametrize("text", ["", "\n", "No devices were found\n"])
def test_no_gpu(text):
    assert gpus(text) == ()


@pytest.mark.parametrize("text", ["0, A100", "NVIDIA-SMI has failed because it could not communicate, a, b, c, d"])
def test_another_table_is_refused(text):
    with pytest.raises(UnreadableFile):
        gpus(text)


def test_links_with_colours_and_network_cards():
    assert links(NVLINK) == (Link(0, 1, "NV12", 12),)


def test_links_over_the_bus():
    assert links(BUS) == (Link(0, 1, "PHB", 0), Link(0, 2, "SYS", 0), Link(1, 2, "NV4", 4))


@pytest.mark.parametrize("text", ["", "\tGPU0\tCPU Affinity\nGPU0\t X \t0-15\n", "Failed to run topology"])
def test_no_links(text):
    assert links(text) == ()


def test_memory():
    found = memory("MemTotal:       65536000 kB\nHugePages_Total:       3\nNonsense\nMemAvailable: 1 kB\n")

    assert found == {"MemTotal": 65_536_000 * 1024, "HugePages_Total": 3, "MemAvailable": 1024}
