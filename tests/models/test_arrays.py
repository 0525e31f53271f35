import numpy as np
import pytest

from alphaloop.core.errors import DegenerateData, NoData, SchemaViolation
from alphaloop.models.arrays import as_table, known, samples

X, Y = np.zeros((4, 2, 3)), np.arange(4.0)[:, None]


@pytest.mark.parametrize(
    ("inputs", "targets", "mask", "error", "words"),
    [
        (X[:, 0], Y, None, SchemaViolation, "windows of shape"),
        (X, Y[:, 0], None, SchemaViolation, "targets of shape"),
        (X, Y[:, :0], None, SchemaViolation, "targets of shape"),
        (X, Y[:3], None, SchemaViolation, "4 windows and 3 targets"),
        (X, Y, np.ones((4, 3), dtype=bool), SchemaViolation, "a mask of shape"),
        (X + np.inf, Y, None, DegenerateData, "24 infinite inputs"),
        (X, np.where(Y > 0, np.inf, Y), None, DegenerateData, "infinite targets"),
        (X, np.ones((4, 1)), None, DegenerateData, "a target that is 1 throughout"),
        (X, np.full((4, 1), np.nan), None, NoData, "0 labels of horizon 0"),
        (X[:1], Y[:1], None, NoData, "1 labels of horizon 0"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(inputs, targets, mask, error, words):
    with pytest.raises(error, match=words):
        samples(inputs, targets, mask, fewest=2)


def test_an_infinity_behind_the_mask_does_not_matter():
    found = known(np.array([[[np.inf, 1.0]]]), np.array([[[False, True]]]))

    assert np.isnan(found[0, 0, 0])
    assert found[0, 0, 1] == 1.0


def test_tables_are_the_newest_row_or_all_of_them():
    window = np.arange(6.0).reshape(1, 2, 3)

    assert as_table(window, "last").tolist() == [[3.0, 4.0, 5.0]]
    assert as_table(window, "all").tolist() == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]
    with pytest.raises(SchemaViolation, match="2 rows and 3 features"):
        as_table(window, "all", columns=3)
