from dataclasses import replace

import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation, UnsortedData
from tests.training.validation.builders import made

PANEL = made(bars=20)


def test_rows_are_those_with_a_label_in_order_of_time():
    rows = PANEL.rows

    assert len(rows.times) == 19 * 2
    assert rows.instant[:3].tolist() == [0, 0, 1]
    assert rows.asset[:3].tolist() == [0, 1, 0]
    assert (rows.ends - rows.times == 3_600_000_000).all()


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"ends": np.zeros((20, 2), dtype=np.int64)}, SchemaViolation, "38 labels without an interval"),
        ({"ends": np.broadcast_to(PANEL.times[:, None], (20, 2))}, SchemaViolation, "labels without an interval"),
        ({"ends": PANEL.times}, SchemaViolation, "ends of shape"),
        ({"y": PANEL.y.T}, SchemaViolation, "y of shape"),
        ({"X": PANEL.X[:, :, 0]}, SchemaViolation, "windows of shape"),
        ({"times": PANEL.times[::-1].copy()}, UnsortedData, "do not ascend"),
        ({"y": np.full((20, 2), np.nan)}, NoData, "without a label"),
        ({"y": np.full((20, 2), np.inf)}, DegenerateData, "infinite label"),
    ],
)
def test_what_is_no_panel_is_refused(changed, error, words):
    with pytest.raises(error, match=words):
        replace(PANEL, **changed)
