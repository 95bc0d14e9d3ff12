"""What synapses learn while a threshold is displaced, or frozen."""

import numpy as np
import xarray as xr

from synfer.core.seeds import generator
from synfer.inference.aberrant import counter_shift, displace_states, percept_rate
from synfer.inference.beliefs import learn_online
from synfer.inference.equivalence import to_model, to_network
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork, activity, plasticity
from synfer.study.catalog.aberrant_priors import world
from synfer.study.catalog.aberrant_priors.spec import Spec
from synfer.study.catalog.aberrant_priors.world import draw_inputs, mean_and_se, rates, sensory

EVERY = 20
"""Steps from one update of counts to the next."""
SESSION = 50
PART = 8
"""Of the calibration, that each of many networks is given."""


def _life(spec: Spec, steps: int, probability: float, *stream: str) -> tuple[np.ndarray, np.ndarray]:
    """Signals (steps,) that come with the healthy prior's probability, and inputs (steps, No)."""
    rng = generator(spec.seed, "aberrant-priors", "life", *stream)
    signal = rng.random(steps) < spec.D
    p = np.where(signal, probability, 1 - probability)
    return signal, (rng.random((steps, spec.inputs)) < p[:, None]).astype(np.float64)


def _noise_and_miss(spec: Spec, model: GenerativeModel) -> tuple[float, float]:
    """Rate of false percepts under noise, and of misses, exactly."""
    model = model.replace(a=model.a[:, :, :, :1], D=model.D[:, :1], states=())
    false, hit = (percept_rate(model, world.p_input(spec, kind)).percept_rate.item() for kind in ("noise", "present"))
    return false, 1 - hit


def drift(spec: Spec) -> xr.Dataset:
    """Learning under a displaced prior; then the displacement is taken back, or a computed counter-shift given.

    The rates of every network are exact, by enumeration; errors are over networks. Shams: the same life without
    displacement (shift 0), and synapses too insensitive to learn.
    """
    stages = ("displaced", "learned", "taken back", "rescued", "insensitive")
    rate = np.empty((len(stages), 2, len(spec.learning_shift), spec.learners))
    counter = np.empty((len(spec.learning_shift), spec.learners))
    healthy = _noise_and_miss(spec, sensory(spec))
    for i, d in enumerate(spec.learning_shift):
        sick = displace_states(sensory(spec, total=spec.counts), d)
        numb = displace_states(sensory(spec), d)
        for j in range(spec.learners):
            _, o = _life(spec, spec.learning_steps, spec.contrast, str(j))
            learned = sick.replace(a=learn_online(sick, o, every=EVERY).a.values)
            u = activity(to_network(learned), draw_inputs(spec, "noise", spec.calibration // PART, "learned", str(j))).u
            counter[i, j] = counter_shift(u.values[1:, 0], healthy[0])
            unchanged = numb.replace(a=learn_online(numb, o, every=EVERY).a.values)
            after = {
                "displaced": sick,
                "learned": learned,
                "taken back": displace_states(learned, -d),
                "rescued": displace_states(learned, counter[i, j]),
                "insensitive": displace_states(unchanged, -d),
            }
            for k, stage in enumerate(stages):
                rate[k, :, i, j] = _noise_and_miss(spec, after[stage])
    means = mean_and_se(np.moveaxis(rate, -1, 0))
    shifts = mean_and_se(counter.T)
    dims = ("stage", "kind_of_error", "learning_shift")
    return xr.Dataset(
        {
            "drift_rate": (dims, means.mean),
            "drift_error": (dims, means.se),
            "drift_healthy": (("kind_of_error",), np.array(healthy)),
            "drift_counter": (("learning_shift",), shifts.mean),
            "drift_counter_error": (("learning_shift",), shifts.se),
        },
        {
            "stage": list(stages),
            "kind_of_error": ["false percept", "miss"],
            "learning_shift": list(spec.learning_shift),
        },
    )


def self_confirming(spec: Spec) -> xr.Dataset:
    """Thresholds that follow the mean activity: what is left of a displacement, by session."""
    shift = np.array(spec.shift)
    sessions = spec.learning_steps // SESSION
    left = np.empty((2, sessions + 1, len(shift)))
    for i, contrast in enumerate((0.5, spec.contrast)):
        fixed = sensory(spec, len(shift), contrast=contrast)
        net = displace_states(to_network(fixed), shift).replace(lambda_phi=spec.counts)
        _, o = _life(spec, sessions * SESSION, contrast, "thresholds")
        healthy = np.log(spec.D) - np.log1p(-spec.D)
        left[i, 0] = net.phi1 - net.phi0 - healthy
        for k in range(sessions):
            own = o[k * SESSION : (k + 1) * SESSION]
            run = activity(net, own)
            phi = plasticity(net, run.x.values, None, own)
            net = net.replace(phi1=phi.phi1, phi0=phi.phi0, lambda_phi=phi.lambda_phi)
            left[i, k + 1] = net.phi1 - net.phi0 - healthy
    return xr.Dataset(
        {"displacement_left": (("informative", "learning_session", "shift"), left)},
        {"informative": [0, 1], "learning_session": np.arange(sessions + 1) * SESSION, "shift": shift},
    )


def frozen(spec: Spec) -> xr.Dataset:
    """Synapses learn a world of more contrast, from signals they are shown; thresholds follow them, or are frozen.

    A threshold holds sum ln(1 - A1) - ln(1 - A0), which learning moves where inputs all speak for the signal when they
    are active ("same"), and does not where half of them do so when they are silent ("balanced"), which is the sham.
    """
    codes, arms = ("same", "balanced"), ("following", "frozen", "rescued")
    steps = spec.runs * spec.steps
    rate, error, exact = (np.empty((2, 3)) for _ in range(3))
    known, counter = np.empty(2), np.empty(2)
    for i, code in enumerate(codes):
        flip = np.arange(spec.inputs) % 2 == 1 if code == "balanced" else np.zeros(spec.inputs, bool)
        signal, o = _life(spec, spec.learning_steps, spec.contrast, "frozen")
        o = np.where(flip, 1 - o, o)
        p = np.where(flip, 1 - spec.before, spec.before)[:, None]
        start = GenerativeModel.from_probabilities(
            A1=p, A0=1 - p, D=[spec.D], total=spec.counts, expectation="ratio"
        )  # fmt: skip
        net = to_network(start)
        shown = np.concatenate([[spec.D], signal])[:, None]
        following = plasticity(net, shown, None, o)
        fixed = plasticity(net.freeze(), shown, None, o)
        absorbed = fixed.absorb()
        known[i] = (absorbed.phi1 - absorbed.phi0 - net.phi1 + net.phi0)[0]
        target = percept_rate(to_model(following), 0.5).percept_rate.item()
        noise = draw_inputs(spec, "noise", spec.calibration, "frozen")
        counter[i] = counter_shift(activity(fixed, noise).u.values[1:, 0], target)
        nets = [following, fixed, displace_states(fixed, counter[i])]
        same = [following, absorbed, displace_states(absorbed, counter[i])]
        for k, (own, truth) in enumerate(zip(nets, same, strict=True)):
            rate[i, k], error[i, k] = _simulated(spec, own, steps)
            exact[i, k] = _predicted(truth)
    return xr.Dataset(
        {
            "frozen_rate": (("code", "threshold"), rate),
            "frozen_error": (("code", "threshold"), error),
            "frozen_exact": (("code", "threshold"), exact),
            "frozen_z": (("code", "threshold"), world.scores(rate, exact, steps)),
            "frozen_shift": (("code",), known),
            "frozen_counter": (("code",), counter),
        },
        {"code": list(codes), "threshold": list(arms)},
    )


def _simulated(spec: Spec, net: CanonicalNetwork, steps: int) -> tuple[float, float]:
    found = rates(spec, activity(net, draw_inputs(spec, "noise", steps, "frozen test")).x.values[1:], salt=70)
    return found.mean[0], found.se[0]


def _predicted(net: CanonicalNetwork) -> float:
    return percept_rate(to_model(net), 0.5).percept_rate.item()
