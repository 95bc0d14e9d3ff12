"""--set takes JSON where it is JSON, and text elsewhere."""

import pytest

from synfer.cli.words import assignments
from synfer.core.errors import UsageError


@pytest.mark.parametrize(
    ("word", "path", "value"),
    [
        ("depth=[0, 1, 2]", "depth", [0, 1, 2]),
        ("seed=1", "seed", 1),
        ("sigma=2.5e0", "sigma", 2.5),
        ("chosen=true", "chosen", True),
        ("kind=lif", "kind", "lif"),
        ('kind="lif"', "kind", "lif"),
        ("name=a=b", "name", "a=b"),
        ("name=", "name", ""),
        ('neuron={"tau_m": 1}', "neuron", {"tau_m": 1}),
        ("a.b.c=null", "a.b.c", None),
    ],
)
def test_a_word_becomes_path_and_value(word, path, value):
    assert assignments([word]) == {path: value}


def test_the_last_word_on_a_path_counts():
    assert assignments(["seed=1", "seed=2"]) == {"seed": 2}


@pytest.mark.parametrize("word", ["seed", "=1", "a..b=1", ".a=1", ""])
def test_a_word_of_another_form_is_a_usage_error(word):
    with pytest.raises(UsageError, match="FIELD=VALUE"):
        assignments([word])
