"""Descriptions of chains and networks: what they spell out, what they refuse, what survives the round trip."""

import pytest

import synfer as sf
from synfer.population.chain import PACKET

LIF, REST = sf.LIF.diesmann1999(), sf.Noise(mu=-61.8, sigma=2.85)
CHAIN = sf.SynfireChain(LIF, noise=REST, layers=4, width=100, weight=0.15, tau_s=0.325)


def test_a_chain_is_a_row_of_populations_and_projections():
    network = CHAIN.replace(delay=(1.0, 2.0, 3.0), probability=0.5).network("a")
    assert [p.name for p in network.populations] == ["a1", "a2", "a3", "a4"]
    assert [p.layer for p in network.populations] == [1, 2, 3, 4]
    assert [(p.source, p.target, p.delay) for p in network.projections] == [
        (PACKET, "a1", 0.0), ("a1", "a2", 1.0), ("a2", "a3", 2.0), ("a3", "a4", 3.0),
    ]  # fmt: skip
    assert pytest.approx(7.5) == CHAIN.replace(probability=0.5).A


def test_layers_may_differ_in_neuron_and_noise():
    eif = sf.EIF.fourcaud2003()
    network = CHAIN.replace(neuron=[LIF, eif, LIF, eif], noise=[REST, REST, sf.Noise(-63, 2), REST]).network()
    assert [p.neuron.kind for p in network.populations] == ["lif", "eif", "lif", "eif"]
    assert network.population("3").noise.sigma == 2


def test_networks_join():
    loop = sf.Projection("4", "inhibitory", weight=0.1, tau_s=0.3)
    partner = sf.Population("inhibitory", LIF, REST, width=25, layer=4)
    joined = CHAIN.network().joined([partner], [loop])
    assert len(joined.populations) == 5
    assert joined.projections[-1] == loop


@pytest.mark.parametrize(
    "value",
    [
        CHAIN,
        CHAIN.network(),
        CHAIN.replace(kernel="delta", tau_s=None, delay=1.5),
        CHAIN.replace(delay=(1.0, 2.0, 3.0)),
    ],
)
def test_values_survive_their_text(value):
    assert type(value).model_validate_json(value.spec()) == value


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kernel": "delta", "tau_s": None}, "needs a delay of at least the step"),
        ({"kernel": "exponential"}, "needs a delay of at least the step"),
        ({"kernel": "delta"}, "has no time constant; leave tau_s out"),
        ({"tau_s": None}, r"needs tau_s \[ms\]"),
        ({"kernel": "biexponential"}, "biexponential', which needs it"),
        ({"kernel": "biexponential", "tau_r": 0.4}, "must be < tau_s"),
        ({"delay": (1.0, 2.0)}, "delay has 2 entries, layers = 4 needs 3"),
        ({"delay": -1.0}, "must be >= 0 ms"),
        ({"noise": (REST, REST)}, "noise has 2 entries, layers = 4 needs 4"),
        ({"layers": 0}, "layers = 0 must be >= 1"),
        ({"width": 0}, "width = 0 must be >= 1"),
        ({"probability": 0.0}, "probability = 0.0 must be > 0"),
        ({"probability": 1.5}, "probability = 1.5 must be <= 1"),
        ({"weight": float("nan")}, "weight = nan mV must be finite"),
        ({"wieght": 1}, "did you mean weight"),
    ],
)
def test_a_chain_that_cannot_be_is_refused(changes, words):
    with pytest.raises(sf.ParameterError, match=words):
        CHAIN.replace(**changes)


@pytest.mark.parametrize(
    ("populations", "projections", "words"),
    [
        ([], [], "populations is empty"),
        (["a", "a"], [], "'a' is used 2 times"),
        (["packet"], [], "is the packet's"),
        (["left"], [("lef", "left")], "no population 'lef'; did you mean left"),
        (["left"], [("left", "packet")], "no population 'packet'"),
    ],
)
def test_a_network_that_cannot_be_is_refused(populations, projections, words):
    made = [sf.Population(name, LIF, REST) for name in populations]
    joined = [sf.Projection(source, target, weight=0.1, tau_s=0.3) for source, target in projections]
    with pytest.raises(sf.ParameterError, match=words):
        sf.Network(made, joined)
