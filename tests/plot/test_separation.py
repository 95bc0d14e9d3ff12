"""Synapses that learn, drawn."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from synfer.core.errors import ParameterError
from synfer.inference.separation import separate, source_model
from synfer.inference.tasks import Sources
from synfer.plot.separation import synapses

TASK = Sources(n_inputs=6)


@pytest.fixture(scope="module")
def run():
    return separate(source_model(task=TASK), TASK.generate(300, seed=1)["input"])


def test_every_input_and_the_means_of_groups_are_drawn(run):
    ax = synapses(run, TASK.own, 1, ax=Figure().subplots(), linestyle="--")
    assert len(ax.lines) == 8
    A1 = run["A1"].values[:, :, 1]
    means = [line.get_ydata() for line in ax.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(means, [A1[:, :3].mean(1), A1[:, 3:].mean(1)])
    assert ax.get_xlabel() == "steps learned"
    assert len(synapses(run, TASK.own, each=False, ax=Figure().subplots()).lines) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"run": Sources().generate(3, seed=1)}, "no A1"),
        ({"groups": Sources().own}, r"groups must be bool of shape \(6, Ns\)"),
        ({"state": 2}, "state = 2"),
    ],
)
def test_what_cannot_be_drawn_is_refused(run, change, words):
    with pytest.raises(ParameterError, match=words):
        synapses(**({"run": run, "groups": TASK.own} | change))
