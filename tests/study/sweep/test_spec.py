"""Files and Python arguments make the same sweep, and what is wrong is said by name."""

import copy
import pickle

import numpy as np
import pytest

import synfer as sf
from synfer.study.folder import StoreError

BASE = """
[chain]
neuron = "diesmann1999"
noise = { mu = -61.78725, sigma = 2.8516575 }
layers = 3
weight = 0.15795
tau_s = 0.325
[packet]
a = 60
sigma_t = 1.0
t0 = 10
"""
GATE = """
[gate]
kind = "inhibition"
depth = 1
"""
GRID = """
[axes]
"packet.a" = [20, 40]
"""


@pytest.fixture
def toml(tmp_path):
    def of(text):
        path = tmp_path / "sweep.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return of


def test_a_file_and_python_arguments_make_the_same_value_and_the_same_bytes(toml, chain, volley):
    text = (
        "disfacilitation = true\nh = 0.1\n"
        + BASE
        + GATE
        + """
[axes]
"packet.a" = { from = 20, to = 80, steps = 4 }
"chain.weight" = { from = 0.1, to = 0.4, steps = 3, scale = "log" }
"gate.on" = [5, 10]
"disfacilitation" = [true, false]
"""
    )
    by_hand = sf.Sweep(
        chain,
        volley,
        gate=sf.Inhibition(depth=1.0),
        disfacilitation=True,
        h=np.float64(0.1),
        axes={
            "packet.a": np.linspace(20, 80, 4),
            "chain.weight": np.geomspace(0.1, 0.4, 3),
            "gate.on": range(5, 11, 5),
            "disfacilitation": (True, False),
        },
    )
    assert sf.Sweep.from_toml(toml(text)) == by_hand
    assert sf.Sweep.from_toml(toml(text)).spec() == by_hand.spec()


@pytest.mark.parametrize(
    "varied",
    [
        {"points": {"packet.a": [20, 40], "chain.noise.sigma": [1, 2]}},
        {"sobol": {"samples": 8, "seed": 3, "ranges": {"packet.a": {"from": 1, "to": 2}}}},
        {"engine": "simulate", "seed": 1, "trials": 2, "axes": {"seed": [1, 2]}},
    ],
)
def test_a_sweep_survives_copies_and_pickles(small, chain, volley, varied):
    sweep = sf.Sweep(chain, volley, **varied)
    back = pickle.loads(pickle.dumps(sweep))  # noqa: S301, our own bytes, as workers get them
    assert back == copy.deepcopy(sweep) == sweep
    assert len({sweep, back, small}) == 2


def test_a_field_that_varies_may_be_left_out_of_a_file(toml):
    text = BASE.replace("a = 60\n", "").replace("weight = 0.15795\n", "")
    varied = '[points]\n"packet.a" = [20, 40]\n"chain.weight" = [0.2, 0.3]\n'
    sweep = sf.Sweep.from_toml(toml(text + varied))
    assert (sweep.packet.a, sweep.chain.weight) == (20, 0.2)


def test_a_layer_a_gate_and_a_neuron_can_vary(chain, volley):
    rest = chain.noise
    by_layer = chain.replace(noise=(rest, rest, rest))
    gates = sf.Inhibition(depth=1) + sf.Shunt(g=0.1, E_rev=-75)
    axes = {"chain.noise.3.sigma": [1, 2], "gate.2.g": [0.1, 0.2], "chain.neuron": ["diesmann1999", "fourcaud2003"]}
    assert sf.Sweep(by_layer, volley, gate=gates, axes=axes).varied() == list(axes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[chain\n", r"sweep.toml is no TOML: .*line 1"),
        (BASE + "[axes]\npacket.a = [1]\n", r"write the whole path in quotes, \"packet.a\""),
        (BASE, "varies by one of axes .*got none"),
        (BASE + GRID + '[points]\n"chain.weight" = [1]\n', "got axes and points"),
        ("egnine = 1\n" + BASE + GRID, "unknown field egnine; did you mean engine"),
        ('engine = "evolv"\n' + BASE + GRID, "engine = 'evolv'"),
        (BASE.replace("sigma =", "sigm =") + GRID, r"\[chain.noise\] Noise: .*did you mean sigma"),
        (BASE.replace("weight", "wieght") + GRID, r"\[chain\] SynfireChain: .*did you mean weight"),
        (BASE.replace("diesmann1999", "diesman") + GRID, "no neuron 'diesman'; did you mean diesmann1999"),
        (BASE.replace('"diesmann1999"', "{ kind = 'fil' }") + GRID, r"\[chain.neuron\] kind = 'fil' is unknown"),
        (BASE.replace('"diesmann1999"', "{ tau_m = 10 }") + GRID, r"\[chain.neuron\] needs a kind"),
        (BASE.replace("tau_s = 0.325", 'kernel = "delta"') + GRID, "kernel='delta' acts at once and needs a delay"),
        (BASE + GATE.replace("inhibition", "inhibitoin") + GRID, "did you mean inhibition"),
        (BASE + '[axes]\n"packet.aa" = [1]\n', "packet has no field 'aa'; did you mean a"),
        (BASE + '[axes]\n"pakcet.a" = [1]\n', "a sweep has no 'pakcet'; did you mean packet"),
        (BASE + '[axes]\n"gate.depth" = [1]\n', "the sweep has no gate; give one"),
        (BASE + '[axes]\n"chain.noise" = [1]\n', "made of parts; vary one of chain.noise.mu, chain.noise.sigma"),
        (BASE + '[axes]\n"chain.weight.J" = [1]\n', "chain.weight is 0.15795, which has no fields"),
        (BASE + '[axes]\n"chain.neuron" = ["diesman"]\n', "'diesman' is unknown; did you mean diesmann1999"),
        (BASE + '[axes]\n"packet.a" = []\n', "'packet.a' has no values"),
        (BASE + '[axes]\n"packet.a" = 3\n', "is no axis"),
        (BASE + '[axes]\n"packet.a" = [1, "x"]\n', "'packet.a': 'x' must be a finite number"),
        (BASE + '[axes]\n"packet.a" = [1, nan]\n', "must be a finite number"),
        (BASE + '[axes]\n"chain.layers" = [2.5]\n', "must be a whole number"),
        (BASE + '[axes]\n"disfacilitation" = [1]\n', "must be true or false"),
        (BASE + '[axes]\n"packet.a" = { from = 1, to = 2 }\n', "the range lacks steps"),
        (BASE + '[axes]\n"packet.a" = { from = 1, to = 2, stesp = 3 }\n', "did you mean steps"),
        (BASE + '[axes]\n"packet.a" = { from = 2, to = 1, steps = 3 }\n', "from = 2 must be < to = 1"),
        (BASE + '[axes]\n"packet.a" = { from = 0, to = 1, steps = 3, scale = "log" }\n', "must be > 0 on a log scale"),
        (BASE + '[axes]\n"packet.a" = { from = 0, to = 1, steps = 3, scale = "lin" }\n', "must be linear or log"),
        (BASE + '[points]\n"packet.a" = [1, 2]\n"packet.t0" = [1]\n', "points must be equally long"),
        (BASE + '[sobol]\nsamples = 8\n[sobol.ranges]\n"chain.layers" = { from = 1, to = 3 }\n', "takes no fractions"),
        (BASE + '[sobol]\nsamples = 8\n[sobol.ranges]\n"packet.a" = [1]\n', "must be a range"),
        ("seed = 1\n" + BASE + GRID, "seed is for engine = 'simulate'"),
        ('engine = "simulate"\nh = 0.1\n' + BASE + GRID, "h is for engine = 'evolve'"),
        ("window = 0\n" + BASE + GRID, "window = 0 ms must be > 0 ms"),
        ("dt = 0.1\nwindow = 2.55\n" + BASE + GRID, "window = 2.55 ms must be a multiple of dt = 0.1 ms"),
        ("window = 2.51\n" + BASE + GRID, "must be a multiple of dt = 0.05 ms; did you mean window = 2.5?"),
        ('engine = "simulate"\nt = 30.01\n' + BASE + GRID, "t = 30.01 ms must be a multiple of dt = 0.02 ms"),
        ("window = 3\nt = 2\n" + BASE + GRID, "window = 3 ms is longer than the run, t = 2 ms"),
        ('disfacilitation = "yes"\n' + BASE + GRID, "disfacilitation = 'yes' must be true or false"),
        ("disfacilitation = 1\n" + BASE + GRID, "disfacilitation = 1 must be true or false"),
        ("disfacilitation = true\n" + BASE.replace("a = 60\n", "") + GRID.replace("40", "-40"), None),
        ("window = 2.51\n" + BASE + GRID.replace("40", "-40") + "dt = [0.1, 0.05]\n", None),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_name(toml, text, message):
    if message is None:  # a value out of bounds is a matter of its point, not of the sweep
        assert sf.Sweep.from_toml(toml(text)).axes[0].values == (20, -40)
        return
    with pytest.raises(sf.ParameterError, match=message):
        sf.Sweep.from_toml(toml(text))


def test_gates_move_along_a_network_by_the_names_of_its_populations(chain, volley):
    network = chain.network("left ")
    gate = sf.Inhibition(depth=1, layers=("left 1",))
    sweep = sf.Sweep(network, volley, gate=gate, axes={"gate.layers": ["left 1", "left 3"]})
    assert sweep.axes[0].values == ("left 1", "left 3")
    assert sf.Sweep(chain, volley, gate=sf.Inhibition(1), axes={"gate.layers": [1, 3]}).axes[0].values == (1, 3)
    with pytest.raises(sf.ParameterError, match="'left 4' is unknown; did you mean left"):
        sf.Sweep(network, volley, gate=gate, axes={"gate.layers": ["left 4"]})
    with pytest.raises(sf.ParameterError, match="1 must be text"):
        sf.Sweep(network, volley, gate=gate, axes={"gate.layers": [1]})


def test_paths_that_overlap_are_refused(chain, volley):
    with pytest.raises(sf.ParameterError, match="both set the same field"):
        sf.Sweep(chain, volley, axes={"chain.neuron": ["diesmann1999"], "chain.neuron.t_ref": [1, 2]})


@pytest.mark.parametrize("name", ["nowhere.toml", "."])
def test_a_file_that_cannot_be_read_is_said(tmp_path, name):
    with pytest.raises(StoreError, match="cannot read"):
        sf.Sweep.from_toml(tmp_path / name)


@pytest.mark.parametrize(
    ("neuron", "noise", "built"),
    [
        ("adaptive_eif_example", {"mu": -62, "sigma": 2}, (sf.AdaptiveEIF.example(), sf.Noise(-62, 2))),
        ("chattering", {"kind": "current", "I": 4, "D": 2}, (sf.Izhikevich.chattering(), sf.Current(4, 2))),
    ],
)
def test_neurons_with_a_slow_variable_are_described_in_a_table(neuron, noise, built):
    chain = {"neuron": neuron, "noise": noise, "weight": 0.1, "tau_s": 0.3}
    sweep = sf.Sweep(chain, {"sigma_t": 1, "t0": 5, "a": 9}, h={"h": 0.4, "dw": 0.2}, axes={"chain.weight": [0.1, 0.2]})
    assert (sweep.chain.neuron, sweep.chain.noise) == built
    assert sweep.h == sf.Mesh(h=0.4, dw=0.2)
