"""Every refusal names the argument, what was given, and what would do."""

import numpy as np
import pytest

from synfer.core import checks
from synfer.core.errors import ParameterError


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3", None, np.nan, [2]])
def test_counts_are_whole_numbers(value):
    with pytest.raises(ParameterError, match=r"trials = .* must be a whole number >= 1; for example trials=1"):
        checks.check_count("trials", value)


def test_counts_have_ends():
    assert checks.check_count("k", np.int32(4), 0, 4) == 4
    with pytest.raises(ParameterError, match=r"k = 5 must be a whole number in 0 \.\. 4"):
        checks.check_count("k", 5, 0, 4)


@pytest.mark.parametrize("value", ["densse", 3, None, ["dense"]])
def test_choices_are_words(value):
    with pytest.raises(ParameterError, match=r"method = .* is unknown; (did you mean dense|known: dense, table)"):
        checks.check_choice("method", value, ("table", "dense"))


@pytest.mark.parametrize("value", ["a", [[1], [1, 2]], [1j], [np.nan], object()])
def test_numbers_are_real_and_finite(value):
    with pytest.raises(ParameterError, match=r"^o"):
        checks.check_numbers("o", value)


def test_the_first_wrong_place_is_named():
    with pytest.raises(ParameterError, match=r"o\[1, 0\] = inf must be finite"):
        checks.check_numbers("o", [[1, 2], [np.inf, 4]])
    assert np.isnan(checks.check_numbers("o", np.nan, finite=False))


@pytest.mark.parametrize(
    ("given", "why"),
    [("ab", "must be a tuple of 2 names"), (3, "must be a tuple"), (("a",), "has 1 names and must have 2"),
     (("a", "a"), "names 'a' twice"), (("a", 2), "each a text")],
)  # fmt: skip
def test_names_are_different_texts(given, why):
    with pytest.raises(ParameterError, match=f"states .*{why}"):
        checks.check_names("states", given, 2)
    assert checks.check_names("states", (), 2) == ("s0", "s1")


def test_kinds_are_named_shortly():
    with pytest.raises(ParameterError, match=r"model = array.* \(ndarray\) must be of kind int; give one") as told:
        checks.check_kind("model", np.zeros(100), int, "give one")
    assert len(str(told.value)) < 120
