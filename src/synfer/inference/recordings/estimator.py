"""ImplicitFreeEnergy: the model that responses imply, its free energy by session, a forecast, and their nulls."""

import inspect
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, Self, get_args

import numpy as np
import xarray as xr

from synfer.core.checks import check_choice, check_count, check_numbers, shortly
from synfer.core.errors import ParameterError, SynferWarning, did_you_mean
from synfer.core.machine import cores
from synfer.core.seeds import check_seed
from synfer.inference.equivalence import to_model
from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork
from synfer.inference.recordings import labelled, nulls
from synfer.inference.recordings.base import base_of, check_base_se
from synfer.inference.recordings.layout import DIMS, check_responses
from synfer.inference.recordings.outcome import Outcome, outcome
from synfer.inference.recordings.prediction import predicted
from synfer.inference.recordings.states import Conventions, Culture, cultures

Null = Literal["sessions", "states"]
LEAST_PERMUTATIONS = 19
"""With fewer no p is below .05."""


class ImplicitFreeEnergy:
    """What generative model and priors the responses of a culture imply, and how its plasticity will go on.

    Two ensembles stand for two sources; their responses x by session give effective synapses W^ (counts of x with the
    inputs, in all sessions so far: `W_hat`; in one session alone: `W_window`), thresholds phi = ln <x>, and the free
    energy by term and session. From the first sessions alone `forecast` tells W^ and x of the later ones.

    W^ is a counter that the analyst keeps: W^ drifts and the free energy falls for responses that never change. They
    are evidence of change only in excess of the same analysis of permuted sessions, which every result holds, and then
    of change of any kind: a drift of excitability or of electrodes is in excess too. The forecast knows the inputs of
    later sessions, and as published the choice of units, the z-score and the trend are of the whole recording. Skill is
    (e_p - e_f) / (e_p + e_f) of the relative errors of W^ in the last session, e_f of the forecast and e_p of
    persistence: 1 without error, 0 as good as persistence, -1 if persistence alone is without error. The excess of
    skill and of the fall of the free energy is what is observed less the mean of the permuted.

    Args:
        learn_sessions: Sessions that thresholds and forecast are learnt from, and that a fall is measured over.
        base: Count per stimulus at x = 1/2, of a control; default that in the recording's attrs, otherwise the mean
            rate of ensembles over all cultures in the first sessions, and D is relative to their group.
        base_se: Standard error of base [spikes], which intervals of D and plasticity include; default 0 for a base that
            is given, and for a fitted one the sd of the rates between cultures. 2 % of
            base move D by .015 and plasticity by a factor of 2.
        mean_rate, least_rate, preference: Which units make up the ensembles [spikes per stimulus].
        x_gain, rate_gain, detrend: From counts to x; without the trend taken away x follows changes of the rate.
        insensitivity, gain, window, eps: Of the counts; see `Conventions`, which has the published defaults.
        permutations: Of sessions, >= 19.
        resamples: Of sessions for intervals, >= 20.
        level: Of intervals, in (0, 1).
        null: That `score` takes: "sessions", raw sessions permuted and all run again, an exact test of sessions that
            can be exchanged; or "states", responses x of all sessions but the first permuted, one of their order.
        seed: Of permutations and resampling.

    Attributes:
        base_, base_se_: Count per stimulus at x = 1/2, and its standard error or None.
        result_: Dataset of the fit; see `fit`.
        score_: (culture,) skill in excess of the null.

    Accuracy: the published responses, synapses, thresholds and forecasts to 1e-14 and free energies to 1e-10 relative
        with the published base. On synthetic cultures see `recovery`.

    References:
        Isomura, Kotani, Jimbo & Friston (2023), Nat. Commun. 14:4547.

    Example:
        >>> from synfer.inference.recordings import synthetic_cultures
        >>> rec = synthetic_cultures(1, sessions=30, D1=0.4, seed=1)
        >>> fit = ImplicitFreeEnergy(permutations=19, resamples=20).fit(rec)
        >>> fit.result_.D.values.round(1).tolist(), float(fit.result_.fall_p.sel(null="sessions")[0])
        ([[0.4, 0.4]], 0.05)
        >>> fit.forecast().x_forecast.dims
        ('culture', 'session', 'step', 'source')
    """

    def __init__(
        self,
        learn_sessions: int = 10,
        *,
        base: float | None = None,
        base_se: float | None = None,
        mean_rate: float = 1.0,
        least_rate: float = 0.1,
        preference: float = 0.5,
        x_gain: float = 0.5,
        rate_gain: float = 0.25,
        detrend: bool = True,
        insensitivity: float = 3000.0,
        gain: float = 2.0,
        window: float = 2.0,
        eps: float = 1e-6,
        permutations: int = 200,
        resamples: int = 100,
        level: float = 0.9,
        null: Null = "sessions",
        seed: int = 0,
    ) -> None:
        self.learn_sessions = learn_sessions
        self.base = base
        self.base_se = base_se
        self.mean_rate = mean_rate
        self.least_rate = least_rate
        self.preference = preference
        self.x_gain = x_gain
        self.rate_gain = rate_gain
        self.detrend = detrend
        self.insensitivity = insensitivity
        self.gain = gain
        self.window = window
        self.eps = eps
        self.permutations = permutations
        self.resamples = resamples
        self.level = level
        self.null = null
        self.seed = seed

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Every argument of the constructor by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> Self:
        """Change arguments of the constructor; `fit` checks them."""
        for name, value in params.items():
            if name not in self._names():
                raise ParameterError(f"ImplicitFreeEnergy has no parameter {name!r}{did_you_mean(name, self._names())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = {name: own.default for name, own in inspect.signature(type(self)).parameters.items()}
        changed = [f"{n}={shortly(v)}" for n, v in self.get_params().items() if repr(v) != repr(defaults[n])]
        return f"ImplicitFreeEnergy({', '.join(changed)})"

    def fit(self, rec: xr.Dataset, y: None = None) -> Self:
        """Fit every culture of a recording.

        Args:
            rec: Responses, as `load_responses`, `responses` and `synthetic_cultures` give them, of two sources.
            y: Not used.

        Returns:
            The estimator. Its `result_` is a Dataset by culture: responses `x` (session, step, source), NaN where the
            recording is not valid; `W_hat` and `W_window` (session, value, source, input), P(o = 1) given x = 1 and
            x = 0; thresholds `phi` (value, source); `terms` (term, session) and their sum, `free_energy` (session),
            with the band `free_energy_permuted` (null, end, session) of permuted sessions; the prior `D` (source), its
            `logit_D`, and `plasticity` (source; 1: as the counts, 0: none), on the scale on which base is 1/2, with
            intervals `_low`, `_high`, which include `base_se` and are NaN where not `determined` (those that are left
            cover less then, see recordings/base); `x_mean`, the mean
            that phi is the logarithm of, which as an estimate of D is biased to 1/2; `fall` of the free energy from
            first to last sessions and `skill` of the forecast with their intervals, and of both by `null` the mean of
            the permuted, `_permuted`, with `_excess` and `_p`; `rate` (session, source), `valid`, `n_steps` (session),
            `n_ensemble` (source), `in_ensemble` (source, unit), and `status`: 0, or 2 where a culture cannot be
            analysed, for the reason in attrs["reasons"].

        Raises:
            ParameterError: bad arguments, no responses, or no culture that can be analysed.
        """
        conventions = self.conventions()
        check_responses(rec)
        own, why = cultures(rec, conventions)
        orders = {c.name: nulls.orders(c, self.permutations, self.seed) for c in own}
        given = rec.attrs.get("base") if conventions.base is None else conventions.base
        base = base_of(own, orders, conventions.learn_sessions, given, check_base_se(self.base_se))

        def one(c: Culture) -> Outcome | str:
            try:
                return outcome(c, base, conventions, orders[c.name], self.resamples, self.level, self.seed)
            except ParameterError as error:
                return str(error)

        with ThreadPoolExecutor(cores()) as pool:
            every = dict(zip([c.name for c in own], pool.map(one, own), strict=True))
        found = {name: out for name, out in every.items() if isinstance(out, Outcome)}
        names = rec["culture"].values.tolist()
        why = [text if isinstance(text := every.get(n), str) else w for n, w in zip(names, why, strict=True)]
        if not found:
            raise ParameterError("; ".join(why))
        if failed := [text for text in why if text]:
            text = f"{len(failed)} of {len(names)} cultures cannot be analysed, {failed[0]}; see status"
            warnings.warn(text, SynferWarning, stacklevel=2)
        arguments = self.get_params()
        result = labelled.fitted(rec, found, why, base, arguments)
        score = labelled.excess(result, "skill", self.null)
        self._rec, self._found, self._why = rec[list(DIMS)].copy(deep=True), found, why
        self._conventions, self._arguments = conventions, repr(arguments)
        self.base_, self.base_se_ = base.value, base.se
        self.result_, self.score_ = result, score
        return self

    def forecast(self, shift: Any = None) -> xr.Dataset:
        """What was learnt in the first sessions, run on: responses and synapses expected in the later ones.

        Args:
            shift: Change of logit D from the first forecast session on, as a change of excitability makes it: a number,
                (source,) or (culture, source). With detrend=True the level of x in later sessions is that of the first,
                and a shift can be seen in its shape alone: SynferWarning.

        Returns:
            Dataset by culture: `x_forecast` (session, step, source); `W_hat_forecast`, and `W_hat_trend` on straight
            lines, (session, value, source, input), those observed up to there; `W_error` (predictor, session) of the
            forecast, persistence and the trend, sum (W^ - expected)^2 / sum W^^2; `x_error` (predictor), mean squares
            of x - expected in later sessions; `change_correlation` of W^ expected and observed, less that of the last
            learnt session; `skill` with its interval and by `null` `skill_permuted`, `skill_excess` and `skill_p`, and
            the same of `fall`, all of them without the shift; `skill_shifted` with it; `status`.

        Raises:
            ParameterError: not fitted yet, or a shift of another shape.
        """
        self._fitted("forecast")
        shifts = None if shift is None else self._shifts(shift)
        told = labelled.forecast(self._rec, self._found, self._why, self._conventions, shifts, self.result_)
        for text in told.attrs.get("warnings", []):
            warnings.warn(text, SynferWarning, stacklevel=2)
        return told

    def predict(self, rec: xr.Dataset) -> xr.DataArray:
        """Responses expected to the inputs of further sessions, all of which follow upon those that were learnt.

        Args:
            rec: Responses of which inputs and validity are used, of cultures by the same names. Learnt sessions among
                them, known by their spikes, are taken to follow upon themselves: SynferWarning.

        Returns:
            `x_forecast` (culture, session, step, source), NaN where not valid. For the later sessions of the recording
            that was fitted it is that of `forecast`.

        Raises:
            ParameterError: not fitted yet, other inputs, or a culture that was not fitted.
        """
        self._fitted("predict")
        check_responses(rec)
        return predicted(rec, self._rec, self._found, self._conventions)

    def score(self, rec: xr.Dataset, y: None = None) -> float:
        """Skill of the forecast in excess of permuted sessions, mean over the cultures of a recording.

        Equal data with the arguments of the fit have the mean of `score_`. Any other recording is analysed with these
        arguments and `base_`, as a given base, whatever its own is.
        """
        self._fitted("score")
        check_responses(rec)
        same = rec[list(DIMS)].equals(self._rec) and rec.attrs.get("base") == self._rec.attrs.get("base")
        if same and repr(self.get_params()) == self._arguments:
            return float(self.score_.mean())
        other = type(self)(**self.get_params()).set_params(base=self.base_).fit(rec)
        return float(other.score_.mean())

    def network(self, culture: str, session: int | None = None) -> CanonicalNetwork:
        """The canonical network of a culture before a session, by its place in the recording; by default its last."""
        self._fitted("network")
        if not isinstance(culture, str) or culture not in self._found:
            raise ParameterError(f"culture {culture!r} was not fitted{did_you_mean(str(culture), self._found)}")
        out = self._found[culture]
        at, most = len(out.culture.n) - 1, self._rec.sizes["session"]
        if session is not None:
            place = check_count("session", session, -most, most - 1) % most
            if place not in out.culture.sessions:
                raise ParameterError(f"culture {culture!r} has no session {place}: nothing in it is valid; see n_steps")
            at = int(np.searchsorted(out.culture.sessions, place))
        W, phi = out.found.W_hat[at], out.found.phi
        seen = np.stack([out.sums.x_sum[:at].sum(0), out.culture.n[:at].sum() - out.sums.x_sum[:at].sum(0)])
        total = np.broadcast_to((self._conventions.insensitivity + seen)[..., None], W.shape)
        W1, W0 = np.log(W) - np.log1p(-W)
        return CanonicalNetwork(W1=W1, W0=W0, phi1=phi[0], phi0=phi[1], lambda_W=total)

    def model(self, culture: str, session: int | None = None) -> GenerativeModel:
        """The generative model that the network of a culture holds."""
        return to_model(self.network(culture, session))

    def conventions(self) -> Conventions:
        """The constants of the analysis, once all arguments are checked."""
        check_count("permutations", self.permutations, LEAST_PERMUTATIONS)
        check_count("resamples", self.resamples, 20)
        check_choice("null", self.null, get_args(Null))
        check_base_se(self.base_se)
        check_seed(self.seed)
        level = check_numbers("level", self.level)
        if level.ndim or not 0 < level < 1:
            raise ParameterError(f"level = {self.level!r} must be a number in (0, 1); for example 0.9")
        known = [name for name in Conventions.model_fields if name != "kind"]
        return Conventions(**{name: getattr(self, name) for name in known})

    def _fitted(self, what: str) -> None:
        if not hasattr(self, "result_"):
            raise ParameterError(f"{what} needs a fit; call .fit(rec) first")

    def _shifts(self, shift: Any) -> np.ndarray:
        numbers, shape = check_numbers("shift", shift), (self._rec.sizes["culture"], 2)
        if numbers.shape not in ((), (2,), shape):
            raise ParameterError(f"shift has shape {numbers.shape} and must be one number, (2,) or {shape}")
        return np.ascontiguousarray(np.broadcast_to(numbers, shape))
