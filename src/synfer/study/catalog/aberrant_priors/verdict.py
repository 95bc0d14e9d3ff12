"""What holds of the claims; each with its sham, and in standard errors over independent runs."""

import numpy as np
import xarray as xr

from synfer.study.experiment import Row

LIMIT = 4.0


def verdict(ds: xr.Dataset) -> list[Row]:
    """Rows in the order of the argument: percepts, their rescue, what is learned, habits, modulation."""
    return [
        *_percepts(ds), *_rescue(ds), *_recurrent(ds), *_drift(ds), *_thresholds(ds), *_habits(ds), *_modulation(ds),
    ]  # fmt: skip


def _same(claim: str, z: object) -> Row:
    value = float(np.max(np.abs(z)))  # type: ignore[arg-type]
    return Row(claim, value, f"|z| < {LIMIT:g}", value < LIMIT)


def _differs(claim: str, z: object, sign: int = 1) -> Row:
    """In one direction, everywhere."""
    value = float(np.min(sign * np.asarray(z)))
    return Row(claim, sign * value, f"z > {LIMIT:g}" if sign > 0 else f"z < -{LIMIT:g}", value > LIMIT)


def _z(first: object, se: object, second: object, other_se: object = 0.0) -> np.ndarray:
    return (np.asarray(first) - np.asarray(second)) / np.hypot(np.asarray(se), np.asarray(other_se))


def _count(claim: str, flags: xr.DataArray, *, none: bool = False) -> Row:
    true, size = int(flags.sum()), int(flags.size)
    return Row(claim, f"{true} of {size}", "none" if none else "all", true == (0 if none else size))


def _ends(ds: xr.Dataset) -> xr.DataArray:
    return ds["shift"].where(ds["shift"] != 0, drop=True)


def _percepts(ds: xr.Dataset) -> list[Row]:
    z = ds["rate_z"].sel(rule="sample")
    healthy = ds["rate"].sel(rule="sample", input="noise", shift=0.0)
    se = ds["rate_error"].sel(rule="sample", input="noise", shift=0.0)
    most = (
        ds["rate"].sel(rule="sample", input="noise").isel(shift=-1),
        ds["rate_error"].sel(rule="sample", input="noise").isel(shift=-1),
    )
    return [
        _same("False percepts without evidence come at sig(logit D + shift): largest z", z.sel(input="uninformative")),
        _same("False percepts under noise come at E[sig(evidence + logit D + shift)]: largest z", z.sel(input="noise")),
        _same("So do false percepts without the signal, and misses with it", z.sel(input=["absent", "present"])),
        _same(
            "Percepts that are thresholded follow P(evidence + logit D + shift > 0)", ds["rate_z"].sel(rule="threshold")
        ),
        _differs("The largest shift makes false percepts under noise more frequent", _z(*most, healthy, se)),
        _same("Sham: shifts of the neuron beside it do not", _z(ds["sham_rate"], ds["sham_error"], healthy, se)),
        Row(
            "A shift moves the criterion, not the sensitivity: range of the area under the ROC",
            float(ds["area"].max() - ds["area"].min()), "< 1e-9", float(ds["area"].max() - ds["area"].min()) < 1e-9,
        ),
    ]  # fmt: skip


def _rescue(ds: xr.Dataset) -> list[Row]:
    shift = _ends(ds)
    within = ds["within"].sel(shift=shift)
    noise = within.sel(neuron="noise")
    share = float((-ds["crude_shift"].sel(neuron="noise", shift=shift) / shift).max())
    return [
        _same(
            "The counter-shift computed from recorded potentials is the displacement: largest z",
            (ds["counter_shift"] + ds["shift"]) / ds["counter_shift_error"],
        ),
        _count("It brings false percepts back into the healthy 95 % interval", noise.sel(arm="rescue", shown="noise")),
        _count("And misses", noise.sel(arm="rescue", shown="present")),
        _count("Sham: counter-shifts of other displacements do not", noise.sel(arm="sham", shown="noise"), none=True),
        _count(
            "From rates alone, logit(healthy) - logit(sick) is enough where input has no evidence",
            within.sel(neuron="uninformative", arm="from rates", shown="noise"),
        ),
        Row("Under noise with evidence that undoes a part only: largest share", share, "< 1", share < 1),
    ]


def _recurrent(ds: xr.Dataset) -> list[Row]:
    rate, se = ds["recurrent_rate"], ds["recurrent_error"]
    healthy = rate.sel(recurrent_arm="healthy"), se.sel(recurrent_arm="healthy")

    def against(arm: str) -> np.ndarray:
        return _z(rate.sel(recurrent_arm=arm), se.sel(recurrent_arm=arm), *healthy)

    effect, error = ds["recurrent_effect"].values, ds["recurrent_effect_error"].values
    off = abs(float(rate.sel(recurrent_arm="network run") - healthy[0])) / float(healthy[1])
    return [
        _differs("Recurrent synapses make the same displacement worse", _z(effect[1], error[1], effect[0], error[0])),
        _differs("There a counter-shift from recorded potentials is too large", against("recorded potentials"), -1),
        Row("One found by running the network is within the healthy 95 % interval", off, "<= 1.96 s.e.", off <= 1.96),
    ]


def _drift(ds: xr.Dataset) -> list[Row]:
    rate, se, healthy = ds["drift_rate"], ds["drift_error"], ds["drift_healthy"]

    def z(stage: str, kind: str, part: slice) -> np.ndarray:
        own = {"stage": stage, "kind_of_error": kind}
        return _z(rate.sel(own)[part], se.sel(own)[part], healthy.sel(kind_of_error=kind))

    worse = _z(
        rate.sel(stage="learned", kind_of_error="false percept")[1:],
        se.sel(stage="learned", kind_of_error="false percept")[1:],
        rate.sel(stage="displaced", kind_of_error="false percept")[1:],
    )
    sick, none = slice(1, None), slice(0, 1)
    excess = float((rate.sel(stage="rescued", kind_of_error="miss")[1:] - healthy.sel(kind_of_error="miss")).max())
    left = float(_left(ds, 0).isel(learning_session=-1).min())
    gone = float(_left(ds, 1).isel(learning_session=-1).max())
    return [
        _differs("Learning under a displaced prior makes false percepts still more frequent", worse),
        _differs(
            "Synapses have learned the false percepts: taking the displacement back leaves them",
            z("taken back", "false percept", sick),
        ),
        _same("Sham: the same life without displacement leaves none", z("taken back", "false percept", none)),
        Row(
            "Sham: nor does a displacement of synapses that hardly learn: largest rise",
            float((rate.sel(stage="insensitive", kind_of_error="false percept") - healthy[0]).max()),
            "< 0.01",
            bool((rate.sel(stage="insensitive", kind_of_error="false percept") - healthy[0]).max() < 0.01),
        ),
        _same("The counter-shift computed after learning restores false percepts", z("rescued", "false percept", sick)),
        _same(f"And misses (largest excess {excess:.3f})", z("rescued", "miss", sick)),
        Row("A threshold that follows activity keeps its displacement if nothing tells: least share", left, "> 0.99",
            left > 0.99),
        Row("And loses it where inputs tell the signal: largest share left", gone, "< 0.2", gone < 0.2),
    ]  # fmt: skip


def _left(ds: xr.Dataset, informative: int) -> xr.DataArray:
    ends = ds["shift"].isel(shift=[0, -1])
    return ds["displacement_left"].sel(informative=informative, shift=ends) / ends


def _thresholds(ds: xr.Dataset) -> list[Row]:
    rate, se = ds["frozen_rate"], ds["frozen_error"]
    following, fixed, cured = (
        (rate.sel(code="same", threshold=arm), se.sel(code="same", threshold=arm))
        for arm in ("following", "frozen", "rescued")
    )
    known = ds["frozen_shift"]
    share = abs(float(known.sel(code="balanced") / known.sel(code="same")))
    off = abs(float(cured[0] - following[0])) / float(following[1])
    return [
        _differs("Thresholds frozen while synapses learn make false percepts", _z(*fixed, *following)),
        _same("As many as the displaced prior that they amount to", ds["frozen_z"].sel(threshold="frozen")),
        Row("Sham: a balanced code, of which thresholds need not follow: its displacement, relative", share, "< 0.15",
            share < 0.15),
        Row("The counter-shift restores them to within the 95 % interval of a following threshold", off, "<= 1.96 s.e.",
            off <= 1.96),
    ]  # fmt: skip


def _habits(ds: xr.Dataset) -> list[Row]:
    right, right_se, again, again_se = (
        ds[name] for name in ("habit_right", "habit_right_error", "repeated", "repeated_error")
    )
    arms = [f"{d:g}" for d in ds["habit"].values]
    healthy, sick = ({"habit_arm": arm} for arm in (arms[0], arms[-1]))
    last, first_after = int(ds.attrs["reversal"]) - 1, int(ds.attrs["reversal"])

    def z(mean: xr.DataArray, se: xr.DataArray, arm: dict[str, str], where: int | slice) -> np.ndarray:
        one, other = ((mean.sel(a)[where], se.sel(a)[where]) for a in (arm, healthy))
        return _z(*one, *other)

    naive = _z(again.sel(habit_arm=arms)[:, 0], ds["repeated_exact_error"], ds["repeated_exact"])
    after = slice(first_after, None)

    # Synapses from the light learn as well, so that its effect is small, and not nothing.
    sham, full = (float(abs(right.sel(habit_arm=arm) - right.sel(healthy)).mean()) for arm in ("sham", arms[-1]))
    sham /= full

    def mean_after(arm: dict[str, str]) -> tuple[float, float]:
        own = again_se.sel(arm)[after]
        return float(again.sel(arm)[after].mean()), float(np.sqrt((own**2).sum()) / own.size)

    return [
        _same("A displaced habit repeats responses as often as the prior says, before learning: largest z", naive),
        _differs("It keeps agents from learning what is right", z(right, right_se, sick, last), -1),
        _differs("They go on to repeat responses after a reversal", _z(*mean_after(sick), *mean_after(healthy))),
        _differs(
            "They persevere in the old contingency: right responses in the first session after the reversal",
            z(right, right_se, sick, first_after), -1,
        ),
        _differs("They have not caught up in the last session", z(right, right_se, sick, -1), -1),
        Row("Sham: a displaced belief about the light that tells nothing: its effect on right responses, relative",
            sham, "< 0.2", sham < 0.2),
        _same("The counter-shift computed from first responses restores right responses, all sessions",
              z(right, right_se, {"habit_arm": "rescued"}, slice(None))),
        _same("And repetitions", z(again, again_se, {"habit_arm": "rescued"}, slice(None))),
    ]  # fmt: skip


def _modulation(ds: xr.Dataset) -> list[Row]:
    last = int(ds.attrs["reversal"]) - 1
    timed, timed_se = ds["timed_right"], ds["timed_right_error"]
    other, other_se = ds["lesion_right"], ds["lesion_right_error"]

    def lesion(name: str, where: int) -> tuple[xr.DataArray, xr.DataArray]:
        return other.sel(lesion=name)[where], other_se.sel(lesion=name)[where]

    def at(lag: object, where: int) -> tuple[xr.DataArray, xr.DataArray]:
        return timed.sel(lag=lag)[..., where], timed_se.sel(lag=lag)[..., where]

    wrong = [lag for lag in ds["lag"].values if lag]
    early, late = [lag for lag in wrong if lag < 0], [lag for lag in wrong if lag > 0]
    rows = [
        _differs(f"A modulator in time teaches more than one that comes too {word}", _z(*at(0, last), *at(lags, last)))
        for word, lags in (("early", early), ("late", late))
        if lags
    ]
    more = float(_z(*at(wrong, last), *lesion("permuted", last)).max())
    slowly = float(_z(*lesion("permuted", -1), 0.5))
    return [
        *rows,
        _differs("And than its sham, the same signal in another order", _z(*at(0, last), *lesion("permuted", last))),
        Row("Mistimed, it teaches no more than the sham: largest z", more, f"< {LIMIT:g}", more < LIMIT),
        Row(
            "Still the sham teaches, slowly: it reinforces whole sessions that went well. z of the last against 1/2",
            slowly,
            "> 1.96",
            slowly > 1.96,
        ),
        _same("Absent, it teaches nothing: right responses against 1/2", _z(*lesion("absent", last), 0.5)),
        _same("Nor does a tonic one, which teaches all responses", _z(*lesion("tonic", last), 0.5)),
        _same(
            "Repaired in time for the reversal, it teaches what it would have: last session",
            _z(*lesion("repaired", -1), *at(0, -1)),
        ),
    ]
