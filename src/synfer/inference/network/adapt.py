"""Activity and plasticity together: a network that learns at every step, after every trial, or after a session."""

from collections import deque
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from scipy.special import expit

from synfer.core.checks import check_choice, check_count, check_floor, check_kind, check_numbers
from synfer.core.errors import ParameterError
from synfer.core.results import dataset
from synfer.inference.network import arguments
from synfer.inference.network.activity import Wiring, activity, both, check_potentials, start
from synfer.inference.network.canonical import CanonicalNetwork
from synfer.inference.network.cost import terms
from synfer.inference.network.modulation import Neuromodulator
from synfer.inference.network.plasticity import grown, mean_activity, plasticity, products

Schedule = Literal["step", "trial", "session"]


def adapt(
    net: CanonicalNetwork,
    o: Any,
    *,
    schedule: Schedule = "trial",
    d: Any = None,
    Gamma: Any = 0.0,
    modulator: Neuromodulator | None = None,
    window: int | None = None,
    floor: float | None = None,
) -> tuple[CanonicalNetwork, xr.Dataset]:
    """A network that lives through trials and learns; every trial begins with the initial activity.

    Args:
        net: The network before.
        o: (trials, T, No) inputs in [0, 1], or (T, No): one trial.
        schedule: when synapses change: after each "step", each "trial", or the "session" of all trials.
        d: (trials, T, Ny), or (T, Ny): decisions emitted at t = 1..T. Default: the firing of the outputs.
        Gamma: risk in [0, 1]: a number, (T,) or (trials, T).
        modulator: carries Gamma from its release to the synapses, which keep a trace of each step until then; what
            is left of a trace at the end of a trial meets the baseline. Default: Gamma acts on its own step.
        window, floor: of `plasticity`; the schedule "step" has no window, and its floor acts at every step.

    Returns:
        The network after, and a dataset: `x` (trial, step, hidden), `y` (trial, step, output), step = 0..T, and
        `neural_cost` (trial), nats, at the weights that were in force at each step and with what was emitted.

    Raises:
        ParameterError: something out of bounds or of the wrong shape.
        NumericalError: a potential or a term of the cost that is not finite.

    Accuracy: learning at every step is that of the model (`learn_online`) to 1e-10 of the counts after 40 steps.
    Reference: Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, eqs. 5-10.

    Example:
        >>> net = CanonicalNetwork(W1=[[1.0]], W0=[[-1.0]], lambda_W=4.0)
        >>> learned, run = adapt(net, np.ones((3, 5, 1)))  # three trials of five inputs
        >>> run.neural_cost.values.round(2).tolist(), learned.W1.round(2).tolist()
        ([3.47, 2.11, 1.48], [[2.48]])
    """
    arguments.check_network(net)
    check_choice("schedule", schedule, get_args(Schedule))
    if schedule == "step" and window is not None:
        raise ParameterError("window needs the schedule 'trial' or 'session'; leave it out")
    if window is not None:
        check_count("window", window)
    if modulator is not None:
        check_kind("modulator", modulator, Neuromodulator, "for example sf.Neuromodulator('dopamine')")
    check_floor(floor)
    inputs, decisions, risks = _by_trial(net, o, d, Gamma)
    trials, steps, _ = inputs.shape
    before, rows, updates, costs = net.digest(), [], [], []
    for k in range(trials):
        own, risk = arguments.inputs(net, inputs[k]), arguments.gamma(risks[k], steps)
        credit = risk if modulator is None else modulator.credit(risk)
        if schedule == "step":
            net, x, y, cost = _stepwise(net, own, None if decisions is None else decisions[k], risk, modulator, floor)
        else:
            run = activity(net, own)
            x, y = run.x.values, run.y.values
            emitted = y if decisions is None else np.concatenate([y[:1], decisions[k]])
            cost = terms(net, x, emitted, arguments.before(net, x), own, credit).sum()
            updates.append((x, emitted, own, credit))
        if schedule == "trial":
            net = plasticity(net, *updates.pop(), window=window, floor=floor)
        rows.append((x, y))
        costs.append(cost)
    for update in updates:
        net = plasticity(net, *update, window=window, floor=floor)
    return net, dataset(
        {
            "x": (("trial", "step", "hidden"), np.stack([x for x, _ in rows])),
            "y": (("trial", "step", "output"), np.stack([y for _, y in rows])),
            "neural_cost": (("trial",), np.array(costs)),
        },
        {
            "trial": (("trial",), np.arange(trials)),
            "step": (("step",), np.arange(steps + 1)),
            "hidden": (("hidden",), list(net.hidden)),
            "output": (("output",), np.array(net.outputs, dtype=str)),
        },
        verb="adapt",
        network=before,
        schedule=schedule,
        modulator=None if modulator is None else modulator.name,
    )


def _by_trial(net: CanonicalNetwork, o: Any, d: Any, Gamma: Any) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Inputs (trials, T, No), decisions (trials, T, Ny) or None, and risks (trials, T)."""
    inputs, risks = check_numbers("o", o), check_numbers("Gamma", Gamma)
    inputs = inputs[None] if inputs.ndim == 2 else inputs
    if inputs.ndim != 3 or 0 in inputs.shape:
        raise ParameterError(f"o has shape {inputs.shape} and must be (trials, T, No) or (T, No), No = {net.n_inputs}")
    trials, steps, _ = inputs.shape
    if risks.shape not in ((), (steps,), (trials, steps)):
        raise ParameterError(f"Gamma has shape {risks.shape} and must be (), ({steps},) or ({trials}, {steps})")
    risks = np.broadcast_to(arguments.within("Gamma", risks), (trials, steps))
    if d is None:
        return inputs, None, risks
    decisions, shape = check_numbers("d", d), (trials, steps, net.n_outputs)
    decisions = decisions[None] if decisions.ndim == 2 else decisions
    if decisions.shape != shape:
        raise ParameterError(f"d has shape {decisions.shape} and must be {shape}: trials x steps x outputs")
    return inputs, arguments.within("d", decisions), risks


def _stepwise(
    net: CanonicalNetwork,
    o: np.ndarray,
    d: np.ndarray | None,
    risk: np.ndarray,
    modulator: Neuromodulator | None,
    floor: float | None,
) -> tuple[CanonicalNetwork, np.ndarray, np.ndarray, float]:
    """One trial with plasticity after every step."""
    kernel = np.ones(1) if modulator is None else modulator.kernel
    credit = risk if modulator is None else modulator.credit(risk)
    least, traces = check_floor(floor), deque[np.ndarray](maxlen=len(kernel))
    pair, u, v = start(net, None)
    x, y = np.empty((len(o) + 1, net.n_hidden)), np.empty((len(o) + 1, net.n_outputs))
    x[0], y[0], cost = pair[0], expit(v), 0.0
    for t, row in enumerate(o, start=1):
        with np.errstate(over="ignore", invalid="ignore"):
            u, v = Wiring.of(net).relax(u, v, row, pair)
        check_potentials(net, u[None], v[None], t)
        now, x[t], y[t] = both(u), expit(u), expit(v)
        emitted = y[t] if d is None else d[t - 1]
        post, pre, out = now[:, None], pair[:, None], np.stack([emitted, 1 - emitted])[:, None]
        cost += terms(net, x[t - 1 : t + 1], np.stack([y[0], emitted]), pre, row[None], credit[t - 1 : t], t).sum()
        sums = {"W": products(post, np.stack([row, 1 - row])[:, None])}
        if net.K1 is not None:
            sums["K"] = products(post, pre)
        changes = grown(net, sums) | mean_activity(net, now, 1)
        if net.V1 is not None:
            traces.appendleft(products(out, pre))
            arrived = sum(k * e for k, e in zip(kernel, traces, strict=False))
            changes |= grown(net, {"V": np.asarray((1 - 2 * risk[t - 1]) * arrived)}, least)
        net, pair = net.replace(**changes), now
    if modulator is not None and traces:
        left = sum(kernel[k + 1 :].sum() * e for k, e in enumerate(traces))
        net = net.replace(**grown(net, {"V": np.asarray((1 - 2 * modulator.baseline) * left)}, least))
    return net, x, y, cost
