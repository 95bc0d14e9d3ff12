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
    assert checks.check_count("n", 2**31 - 1) == 2**31 - 1
    with pytest.raises(ParameterError, match=r"n = 2147483648 must be a whole number in 1 \.\. 2147483647"):
        checks.check_count("n", 2**31)
    assert checks.check_count("key", 2**40, 0, 2**63 - 1) == 2**40


@pytest.mark.parametrize("value", ["densse", 3, None, ["dense"]])
def test_choices_are_words(value):
    with pytest.raises(ParameterError, match=r"method = .* is unknown; (did you mean dense|known: dense, table)"):
        checks.check_choice("method", value, ("table", "dense"))


@pytest.mark.parametrize("value", ["a", "1", ["1", 2], [[1], [1, 2]], [1j], [np.nan], object(), None, [10**400]])
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


@pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, True, "1", None, [1.0], 1j, object(), [[1], [1, 2]]])
def test_positive_numbers(value):
    with pytest.raises(ParameterError, match=r"tau = .* must be a number > 0 and finite; give 3"):
        checks.check_positive("tau", value, "give 3")
    with pytest.raises(ParameterError, match=r"floor = .* must be a number > 0 and finite; give floor=1.0"):
        checks.check_floor(0 if value is None else value)


def test_numbers_of_any_kind_may_be_positive():
    for value in (2, 2.0, np.float32(2), np.int64(2), np.array(2.0)):
        assert checks.check_positive("tau", value, "") == 2
    assert checks.check_positive("hold", np.inf, "", infinite=True) == np.inf
    assert (checks.check_floor(None), checks.check_floor(1)) == (-np.inf, 1)


def test_functions_can_be_called():
    assert checks.check_function("f", len, "") is len
    with pytest.raises(ParameterError, match=r"f = 3 must be a function x -> y"):
        checks.check_function("f", 3, "x -> y")


def test_places_show_what_is_wrong_and_not_what_it_rounds_to():
    wrong = np.array([False, True])
    assert checks.place("x", np.array([0.0, -3.0]), wrong) == "x[1] = -3"
    assert checks.place("x", np.array([0.0, 1 + 2**-52]), wrong) == "x[1] = 1.0000000000000002"


def test_names_are_plain_texts():
    assert [type(name) for name in checks.check_names("states", np.array(["a", "b"]), 2)] == [str, str]
