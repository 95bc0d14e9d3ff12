"""Figures of chains carry units, tell fates and layers apart, and refuse what they cannot draw."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from synfer import plot
from synfer.core.errors import ParameterError
from synfer.core.results import dataset

LAYERS = (("layer",), np.arange(1, 4))
PLANE = ("a_in", "sigma_t_in", "layer")


def plane():
    a = np.array([[[10.0, 5.0, 0.0]], [[90.0, 95.0, 96.0]]])
    sigma_t = np.array([[[2.0, 4.0, np.nan]], [[0.8, 0.5, 0.3]]])
    return dataset(
        {
            "a": (PLANE, a),
            "sigma_t": (PLANE, sigma_t),
            "survived": (PLANE, a >= 50),
            "a_separatrix": (("sigma_t_in",), [46.0]),
        },
        {"a_in": (("a_in",), [20.0, 80.0]), "sigma_t_in": (("sigma_t_in",), [1.0]), "layer": LAYERS},
    )  # fmt: skip


def evolved():
    dims, time, V = ("layer", "time"), np.linspace(0, 10, 5), np.linspace(-70, -50, 21)
    return dataset(
        {"rate": (dims, np.arange(15.0).reshape(3, 5)), "p": ((*dims, "V"), np.full((3, 5, 21), 0.05))},
        {"time": (("time",), time), "V": (("V",), V), "layer": LAYERS},
    )


def curve(strength="depth"):
    dims = (strength, "layer")
    a = np.array([[90.0, 91.0, 92.0], [80.0, 40.0, 0.0]])
    return dataset(
        {"a": (dims, a), "sigma_t": (dims, np.where(a > 0, 1.0, np.nan))},
        {strength: ((strength,), [0.0, 2.0], {"units": "mV", "long_name": "depth of inhibition"}), "layer": LAYERS},
    )


def survived():
    dims = ("width", "start")
    fraction = np.array([[0.0, 1.0], [0.1, 0.9]])
    return dataset(
        {
            "survival": (dims, fraction),
            "survival_low": (dims, fraction * 0.9),
            "survival_high": (dims, 0.1 + 0.9 * fraction),
        },
        {"width": (("width",), [50, 100]), "start": (("start",), [0.4, 0.5], {"units": "N", "long_name": "size"})},
    )  # fmt: skip


def price():
    mV_ms = {"units": "mV ms", "long_name": "closing charge"}
    ms = {"units": "ms", "long_name": "length of the window"}
    return dataset(
        {"charge": (("length", "lag"), [[30.0, 20.0], [np.inf, 35.0]], mV_ms)},
        {"length": (("length",), [5.0, 10.0], ms), "lag": (("lag",), [0.0, 2.5])},
    )


def test_the_plane_starts_trajectories_at_the_packet_and_colours_them_by_fate():
    ax = plot.state_plane(plane(), ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == (
        "sd of spike times in the\nvolley [ms]",
        "spikes in the volley [spikes]",
    )
    dying, living = ax.lines[:2]
    np.testing.assert_array_equal(dying.get_xydata()[:, 1], [20, 10, 5, 0])
    np.testing.assert_array_equal(living.get_xydata()[0], [1, 80])
    names = {text: handle.get_color() for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    assert (names["dies"], names["survives"]) == (dying.get_color(), living.get_color())
    assert "separatrix" in names


def test_arrows_point_where_the_first_layer_sends_the_packet():
    ax = plot.state_plane(plane(), ax=Figure().subplots())
    (arrows,) = (c for c in ax.collections if type(c).__name__ == "Quiver")
    down, up = arrows.U[0] > 0 and arrows.V[0] < 0, arrows.U[1] < 0 and arrows.V[1] > 0
    assert down
    assert up
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V), 1, rtol=1e-12)  # directions: all of one length


def test_layers_run_downwards_and_maps_share_their_colours_on_request():
    ax = plot.layers(evolved(), high=50, ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time [ms]", "layer")
    assert ax.yaxis_inverted()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["1", "2", "3"]
    assert ax.collections[0].norm.vmax == 50
    assert ax.figure.axes[1].get_ylabel() == "population rate [Hz]"


def test_densities_of_layers_share_one_scale():
    ds = evolved()
    ds["p"][2] *= 4
    axes = Figure().subplots(3)
    mesh = plot.layer_densities(ds, list(axes))
    assert {ax.collections[0].norm.vmax for ax in axes} == {mesh.norm.vmax}
    assert [ax.get_title() for ax in axes] == ["layer 1", "layer 2", "layer 3"]


@pytest.mark.parametrize("strength", ["depth", "g"])
def test_a_gating_curve_is_a_line_for_each_layer(strength):
    ax = plot.gating(curve(strength), ax=Figure().subplots())
    assert [line.get_label() for line in ax.lines] == ["layer 1", "layer 2", "layer 3"]
    np.testing.assert_array_equal(ax.lines[2].get_ydata(), [92, 0])
    assert ax.get_ylabel() == "spikes in the volley [spikes]"
    assert plot.gating(curve(strength), "sigma_t", ax=Figure().subplots()).get_ylabel().endswith("[ms]")


def test_survival_shows_its_interval_for_every_width():
    ax = plot.survival(survived(), ax=Figure().subplots())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["N = 50", "N = 100"]
    bars = ax.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([bar[:, 1] for bar in bars], [[0, 0.1], [0.9, 1.0]], atol=1e-12)


def test_survival_may_be_drawn_against_width():
    ax = plot.survival(survived().isel(start=1), along="width", ax=Figure().subplots())
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), [[50, 1.0], [100, 0.9]])


def test_where_nothing_closes_there_is_no_point():
    ax = plot.closing_charge(price(), ax=Figure().subplots())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("length of the window [ms]", "closing charge [mV ms]")
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [30, np.nan])
    assert [line.get_label() for line in ax.lines] == ["lag 0 ms per layer", "lag 2.5 ms per layer"]


@pytest.mark.parametrize(
    ("draw", "ds", "words"),
    [
        (plot.state_plane, plane().drop_vars("survived"), "no survived"),
        (plot.state_plane, plane().isel(layer=0), "dimensions"),
        (plot.layers, evolved().drop_vars("rate"), "no rate"),
        (plot.layers, evolved().isel(layer=0), "layer x time"),
        (plot.gating, curve().drop_vars("a"), "no a"),
        (plot.gating, curve().expand_dims("point"), "isel"),
        (plot.survival, survived().drop_vars("survival_low"), "no survival_low"),
        (plot.survival, survived().expand_dims("layer"), "isel"),
        (plot.closing_charge, price().drop_vars("charge"), "no charge"),
    ],
)
def test_what_cannot_be_drawn_says_why(draw, ds, words):
    with pytest.raises(ParameterError) as error:
        draw(ds, ax=Figure().subplots())
    assert words in str(error.value)


def test_densities_need_as_many_layers_as_panels():
    with pytest.raises(ParameterError, match="3 layers and 1 Axes"):
        plot.layer_densities(evolved(), [Figure().subplots()])
