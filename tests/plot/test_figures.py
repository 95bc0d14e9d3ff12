"""Figures carry units, tell colours apart, leave global settings alone, and are files without dates."""

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from synfer import plot
from synfer.core.errors import ParameterError
from synfer.core.results import dataset

TIME, V = np.linspace(0, 10, 5), np.linspace(-70, -50, 21)


def evolved(points: int | None = None):
    shape, dims = ((), ()) if points is None else ((points,), ("point",))
    coords = {"time": (("time",), TIME), "V": (("V",), V)}
    if points:
        coords["depth"] = (
            ("point",),
            np.arange(points, dtype=float),
            {"units": "mV", "long_name": "depth of inhibition"},
        )
    return dataset(
        {
            "rate": ((*dims, "time"), np.ones((*shape, 5))),
            "p": ((*dims, "time", "V"), np.ones((*shape, 5, 21)) / 20),
        },
        coords,
    )


def stationary(points: int | None = None):
    return evolved(points).isel(time=0, drop=True)


def test_a_density_in_time_is_a_map_with_units():
    ax = plot.density(evolved(), ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time [ms]", "membrane potential [mV]")
    assert ax.figure.axes[1].get_ylabel() == "density of V [1/mV]"
    assert ax.collections[0].get_array().shape == (21, 5)


def test_a_stationary_density_is_a_line():
    ax = plot.density(stationary(), ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "membrane potential [mV]",
        "density of V [1/mV]",
    )
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), V)


def test_without_p_the_density_is_drawn_by_its_moments_and_says_so():
    dims, values = ("time",), np.linspace(-60, -65, 5)
    ds = dataset({"V_mean": (dims, values), "V_sd": (dims, np.full(5, 3.0))}, {"time": (dims, TIME)})
    ax = plot.density(ds, ax=Figure().subplots())
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values)
    assert 'record=("p",)' in ax.get_title()
    assert ax.get_ylabel() == "mean membrane potential [mV]"


def test_a_density_over_both_variables_is_a_map_that_shows_where_it_is():
    w = np.linspace(-2, 8, 11)
    p = np.where((abs(V[:, None] + 60) <= 5) & (abs(w) <= 1), 0.1, 1e-6)
    ds = dataset({"p_Vw": (("V", "w"), p)}, {"V": (("V",), V), "w": (("w",), w)})
    ax = plot.joint(ds, ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("membrane potential [mV]", "slow variable [mV]")
    assert (ax.get_xlim(), ax.get_ylim()) == ((-65, -55), (-1, 1))
    assert ax.figure.axes[1].get_ylabel().replace("\n", " ") == "density of V and the slow variable [1/mV^2]"


def test_the_view_shows_where_the_density_is():
    ds = stationary()
    ds["p"] = ds.p.where(abs(ds.V + 60) <= 5, 1e-9)
    assert plot.density(ds, ax=Figure().subplots()).get_xlim() == (-65, -55)
    ds = evolved()
    ds["p"] = ds.p.where(abs(ds.V + 60) <= 5, 1e-9)
    assert plot.density(ds, ax=Figure().subplots()).get_ylim() == (-65, -55)


def test_points_are_lines_named_by_what_varies():
    ax = plot.density(stationary(3), ax=Figure().subplots())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["depth 0", "depth 1", "depth 2"]


def test_a_rate_in_time_shows_its_standard_error_as_a_band():
    ds = evolved()
    ds["rate_se"] = 0.1 * ds["rate"]
    ax = plot.rate(ds, ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time [ms]", "population rate [Hz]")
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (0.9, 1.1)


def test_a_rate_at_points_is_drawn_against_what_varies():
    ax = plot.rate(stationary(3), ax=Figure().subplots())
    assert ax.get_xlabel() == "depth of inhibition [mV]"


def test_many_points_get_as_many_colours():
    ax = plot.density(stationary(12), ax=Figure().subplots())
    assert (
        len({line.get_color() if isinstance(line.get_color(), str) else tuple(line.get_color()) for line in ax.lines})
        == 12
    )


@pytest.mark.parametrize(
    ("draw", "ds", "words"),
    [
        (plot.density, evolved().drop_vars("p"), 'record=("p",)'),
        (plot.density, evolved(2), "isel"),
        (plot.rate, stationary(), "one number"),
        (plot.rate, evolved().drop_vars("rate"), "no rate"),
        (plot.joint, evolved(), 'record=("p_Vw",)'),
        (plot.joint, evolved().rename(p="p_Vw", time="layer", V="w").expand_dims(V=3), "choose in layer first"),
    ],
)
def test_what_cannot_be_drawn_says_why(draw, ds, words):
    with pytest.raises(ParameterError) as error:
        draw(ds, ax=Figure().subplots())
    assert words in str(error.value)


def test_a_file_is_a_function_of_the_drawing(tmp_path, fingerprint):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        figure, axes = plot.new_figure(1, 2, statement="One.")
        plot.density(evolved(), ax=axes[0, 0])
        plot.rate(evolved(), ax=axes[0, 1])
        plot.save(figure, tmp_path / folder / "dotted.name")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["dotted.name.png", "dotted.name.svg"]
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
    assert b"<dc:date>" not in (tmp_path / "a" / "dotted.name.svg").read_bytes()


def test_panels_have_letters_and_a_lone_one_has_none():
    _, axes = plot.new_figure(2, 2)
    assert [ax.get_title(loc="left") for ax in axes.flat] == ["A", "B", "C", "D"]
    assert plot.new_figure()[1][0, 0].get_title(loc="left") == ""


def test_a_figure_is_described_in_words():
    figure, axes = plot.new_figure(1, 2, statement="One statement.")
    plot.density(evolved(), ax=axes[0, 0])
    plot.rate(evolved(2), ax=axes[0, 1])
    assert plot.describe(figure) == (
        "2 panels. A: map of membrane potential [mV] against time [ms]. "
        "B: plot of population rate [Hz] against time [ms] (depth 0, depth 1). "
        "Colours show density of V [1/mV]."
    )


def test_no_global_setting_changes():
    before = dict(matplotlib.rcParams)
    figure, axes = plot.new_figure()
    plot.rate(evolved(), ax=axes[0, 0])
    with plot.style():
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before
    assert figure.get_label() == ""


def test_pyplot_is_not_imported_until_a_figure_is_asked_for():
    script = "import sys, synfer as sf; sf.plot.new_figure(); assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_axes_the_figure_belongs_to_pyplot(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    ax = plot.rate(evolved())
    assert ax.figure is pyplot.gcf()
    pyplot.close(ax.figure)


# Linear RGB of what a reader without L or M cones sees: Vienot, Brettel & Mollon, Color Res. Appl. 24:243 (1999).
WITHOUT_L = np.array([[0.1124, 0.8876, 0.0], [0.1124, 0.8876, 0.0], [0.0040, -0.0040, 1.0]])
WITHOUT_M = np.array([[0.2920, 0.7080, 0.0], [0.2920, 0.7080, 0.0], [-0.0223, 0.0223, 1.0]])


@pytest.mark.parametrize("eye", [np.eye(3), WITHOUT_L, WITHOUT_M], ids=["all cones", "no L cones", "no M cones"])
def test_colours_are_told_apart_by_every_eye(eye):
    seen = [eye @ np.array(to_rgb(colour)) ** 2.2 for colour in plot.PALETTE]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert nearest > 0.1  # linear RGB; the smallest is .139 here, and .028 for the first seven colours of matplotlib
