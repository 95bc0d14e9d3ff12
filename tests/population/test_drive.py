"""Contract: what a drive is, and what none can be."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import synfer as sf
from synfer.core.errors import ParameterError
from synfer.population.drive import Drive, as_drive

REST = sf.Noise(mu=-65, sigma=3)
VOLLEY = {"a": 45, "sigma_t": 1.0, "t0": 10}
NAN, INF = float("nan"), float("inf")
poisson = sf.Noise.from_poisson

REFUSALS = {
    "two noises": (
        lambda: REST + REST,
        "parts hold Noise and Noise, a sum takes exactly one of them; add up mu, and sigma",
    ),
    "two noises apart": (lambda: (REST + sf.Inhibition(1)) + (sf.Shunt(g=1, E_rev=-70) + REST), "hold Noise and Noise"),
    "noise and current": (
        lambda: REST + sf.Current(3, 1),
        "Noise and Current, a sum takes exactly one of them; a Noise drives a",
    ),
    "two currents": (lambda: sf.Current(3, 1) + sf.Current(1, 1), "exactly one of them; add up I and D by hand"),
    "negative D": (lambda: sf.Current(3, -1), "D = -1 mV^2/ms must be >= 0 mV^2/ms; did you mean D = 1?"),
    "D below 0 later": (lambda: sf.Current(3, sf.Timeseries([0, 1], [1, -1])), "D must be >= 0 at all times"),
    "huge I": (lambda: sf.Current(INF, 1), "I = inf mV/ms must be finite"),
    "current for a leak": (
        lambda: sf.evolve(sf.AdaptiveEIF.example(), sf.Current(3, 1), t=1),
        "Current(I=3.0, D=1.0) cannot drive an AdaptiveEIF neuron: give a Noise",
    ),
    "noise without a leak": (
        lambda: sf.stationary(sf.Izhikevich.regular_spiking(), REST),
        "cannot drive an Izhikevich neuron, which has no leak; give a Current, for example sf.Current(I=3, D=1)",
    ),
    "chain without a leak": (
        lambda: sf.SynfireChain(sf.Izhikevich.regular_spiking(), REST, weight=0.1, tau_s=1),
        "SynfireChain: Noise(mu=-65.0, sigma=3.0) cannot drive an Izhikevich neuron",
    ),
    "ends before": (lambda: sf.Inhibition(2, on=130, off=100), "off = 100.0 ms must be > on = 130.0 ms: the gate ends"),
    "no length": (lambda: sf.Shunt(g=1, E_rev=-70, on=5, off=5), "off = 5.0 ms must be > on = 5.0 ms"),
    "off alone": (lambda: sf.Inhibition(2, off=100), "off = 100.0 ms needs on; give on=0"),
    "negative depth": (lambda: sf.Inhibition(-2), "depth = -2 mV must be >= 0 mV; did you mean depth = 2?"),
    "negative g": (lambda: sf.Shunt(g=-0.5, E_rev=-70), "g = -0.5 must be >= 0; did you mean g = 0.5?"),
    "negative sigma": (lambda: sf.Noise(-65, -3), "sigma = -3 mV must be >= 0 mV; did you mean sigma = 3?"),
    "depth below 0 later": (
        lambda: sf.Inhibition(sf.Timeseries([0, 1], [2, -1])),
        "depth must be >= 0 at all times; its smallest value is -1",
    ),
    "sigma below 0 later": (lambda: sf.Noise(-65, sf.Timeseries([0, 1], [1, -1])), "sigma must be >= 0 at all times"),
    "g below 0 later": (lambda: sf.Shunt(g=sf.Timeseries([0], [-1]), E_rev=-70), "g must be >= 0 at all times"),
    "huge mu": (lambda: sf.Noise(INF, 3), "mu = inf mV must be finite"),
    "no sigma": (lambda: sf.Noise(-65, NAN), "sigma = nan mV must be finite"),
    "sigma missing": (lambda: sf.Noise(-65), "sigma is missing [mV]"),
    "rise unasked": (lambda: sf.PulsePacket(**VOLLEY, tau_r=0.1), "tau_r is for kernel='biexponential'"),
    "rise missing": (lambda: sf.PulsePacket(**VOLLEY, kernel="biexponential"), "which needs it"),
    "rise slower": (
        lambda: sf.PulsePacket(**VOLLEY, kernel="biexponential", tau_s=1, tau_r=2),
        "tau_r = 2.0 ms must be < tau_s = 1.0 ms; for equal times use kernel='alpha'",
    ),
    "rise as slow": (lambda: sf.PulsePacket(**VOLLEY, kernel="biexponential", tau_s=1, tau_r=1), "must be < tau_s"),
    "delta with time": (lambda: sf.PulsePacket(**VOLLEY, kernel="delta", tau_s=1), "tau_s has no meaning"),
    "unknown kernel": (lambda: sf.PulsePacket(**VOLLEY, kernel="gamma"), "kernel = 'gamma'"),
    "fewer than no spikes": (lambda: sf.PulsePacket(**VOLLEY | {"a": -1}), "a = -1 spikes must be >= 0 spikes"),
    "uneven series": (lambda: sf.Timeseries([0, 1], [1]), "equally long; got (2,) and (1,)"),
    "flat series": (lambda: sf.Timeseries([[0, 1]], [[1, 2]]), "one-dimensional"),
    "empty series": (lambda: sf.Timeseries([], []), "time and values must be one-dimensional and equally long"),
    "repeated time": (lambda: sf.Timeseries([0, 0], [1, 2]), "time must increase strictly; sort it and merge"),
    "falling time": (lambda: sf.Timeseries([1, 0], [1, 2]), "time must increase strictly"),
    "value missing": (lambda: sf.Timeseries([0, 1], [1, NAN]), "values must be finite; element 1 is not"),
    "endless time": (lambda: sf.Timeseries([0, INF], [1, 2]), "time must be finite; element 1 is not"),
    "series of text": (lambda: sf.Timeseries([0, 1], ["a", "b"]), "values must be an array of numbers"),
    "negative rate": (lambda: poisson(-1, 0.1, V_rest=-70, tau_m=10), "rates must be finite and >= 0 Hz"),
    "no rate": (lambda: poisson(NAN, 0.1, V_rest=-70, tau_m=10), "rates must be finite and >= 0 Hz"),
    "endless weight": (lambda: poisson(1, INF, V_rest=-70, tau_m=10), "weights finite [mV]"),
    "no time constant": (lambda: poisson(1, 0.1, V_rest=-70, tau_m=0.0), "tau_m = 0.0 ms must be > 0 ms"),
    "NaN time constant": (lambda: poisson(1, 0.1, V_rest=-70, tau_m=NAN), "tau_m = nan ms must be > 0 ms"),
    "no resting potential": (lambda: poisson(1, 0.1, V_rest=NAN, tau_m=10), "mu = nan mV must be finite"),
    "no noise": (lambda: as_drive(sf.Inhibition(2)), "the drive has no Noise; add one"),
    "a number": (lambda: as_drive(-65), "drive = -65 must be a Noise or a sum of parts"),
    "huge shunt": (lambda: sf.stationary(sf.LIF.diesmann1999(), REST + sf.Shunt(g=1e300, E_rev=-70)), "g = 1e+300"),
    "huge drive": (lambda: sf.stationary(sf.EIF.fourcaud2003(), sf.Noise(1e300, 3)), "mu = 1e+300 mV"),
    "hardly any noise": (lambda: sf.stationary(sf.EIF.fourcaud2003(), sf.Noise(-65, 1e-4)), "sigma = 0.0001 mV"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_no_drive_can_be_is_refused_by_name(name):
    make, message = REFUSALS[name]
    with pytest.raises(ParameterError) as error:
        make()
    assert message in str(error.value)


def test_no_refusal_takes_its_time_or_the_memory():
    """All of them, in a process that may take 2 GB and a minute: the import and some milliseconds each."""
    script = (
        "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 2 << 30));"
        "from synfer.core.errors import ParameterError\n"
        "for make, _ in runpy.run_path(sys.argv[1])['REFUSALS'].values():\n"
        "    try: make()\n"
        "    except ParameterError: continue\n"
        "    raise SystemExit('accepted')"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script, Path(__file__)], check=True, timeout=60)


def test_no_depth_is_a_depth():
    assert sf.Inhibition(0).depth == 0
    assert sf.Shunt(g=0, E_rev=-70).g == 0
    assert sf.Noise(-65, 0).sigma == 0


def test_a_part_knows_whether_it_is_timed():
    assert not sf.Inhibition(2).timed
    assert sf.Inhibition(2, on=0).timed


PARTS = (
    sf.Noise(mu=sf.Timeseries([0, 100], [-66, -62]), sigma=3),
    sf.PulsePacket(**VOLLEY, weight=0.15, tau_s=0.325),
    sf.PulsePacket(**VOLLEY, weight=0.15, kernel="biexponential", tau_s=1, tau_r=0.2),
    sf.PulsePacket(**VOLLEY | {"sigma_t": 0}, weight=0.15, kernel="delta"),
    sf.Inhibition(sf.Timeseries([0, 50], [0, 2]), on=10, off=40, lag=1.5),
    sf.Shunt(g=0.2, E_rev=-75),
    sf.Timeseries([0, 10], [0, 1], name="ramp"),
)


def test_parts_add_up_in_any_order_and_grouping():
    a, b, c = PARTS[0], PARTS[4], PARTS[5]
    for x, y, z in itertools.permutations((a, b, c)):
        assert (x + y + z) == (x + (y + z)) == Drive((x, y, z))
        assert set((x + y + z).parts) == {a, b, c}
        assert (x + y + z).background == a
    assert as_drive(a) == Drive((a,))


def test_a_drive_adds_to_nothing_else():
    for wrong in (2, "x", None):
        with pytest.raises(TypeError):
            _ = (PARTS[0] + PARTS[1]) + wrong


def test_the_order_of_a_sum_moves_a_rate_by_rounding_alone():
    a, b, c = sf.Noise(-62, 3), sf.Inhibition(1.5), sf.Shunt(g=0.2, E_rev=-75)
    lif = sf.LIF.diesmann1999()
    rates = [float(sf.stationary(lif, x + y + z).rate) for x, y, z in itertools.permutations((a, b, c))]
    assert rates == pytest.approx([rates[0]] * 6, rel=1e-12)


def test_a_drive_with_every_part_survives_json():
    drive = Drive(PARTS)
    back = Drive.model_validate_json(drive.spec())
    assert back == drive
    assert hash(back) == hash(drive)
    assert back.spec() == drive.spec()
    assert [type(part) for part in back.parts] == [type(part) for part in PARTS]


def test_poisson_inputs_broadcast_and_add_up():
    """Campbell: inputs of one kind are one input of the summed rate."""
    one = poisson(1800, 0.1, V_rest=-70, tau_m=10)
    many = poisson([1000, 500, 300], 0.1, V_rest=-70, tau_m=10)
    assert (many.mu, many.sigma) == pytest.approx((one.mu, one.sigma), rel=1e-14)
    assert (one.mu, one.sigma) == pytest.approx((-70 + 10 * 0.1 * 1.8, np.sqrt(10 * 0.01 * 1.8 / 2)), rel=1e-14)
    silent = poisson([], 0.1, V_rest=-70, tau_m=10)
    assert (silent.mu, silent.sigma) == (-70, 0)
