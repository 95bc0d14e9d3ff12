"""Models to try."""

import numpy as np
import pytest

from synfer.inference.model import GenerativeModel
from synfer.inference.network import CanonicalNetwork


@pytest.fixture(scope="session")
def random_model():
    """A model of random counts and priors of given sizes; weights D are not normalised."""

    def of(seed, No=3, Ns=2, Nd=0, *, transitions=True, scale=20.0, **others) -> GenerativeModel:
        rng = np.random.default_rng(seed)

        def counts(pre, post):
            return rng.uniform(0.5, scale, (2, pre, 2, post))

        fields = {"a": counts(No, Ns), "D": rng.uniform(0.1, 2.0, (2, Ns))}
        if transitions:
            fields["b"] = counts(Ns, Ns)
        if Nd:
            fields |= {"c": counts(Ns, Nd), "E": rng.dirichlet(np.full(Nd, 2.0)) if Nd > 1 else [[0.3], [0.7]]}
        return GenerativeModel(**(fields | others))

    return of


@pytest.fixture(scope="session")
def random_network():
    """A canonical network of random synapses and thresholds, e^phi1 + e^phi0 = 1 only if normalised."""

    def of(seed, No=4, Nx=3, Ny=2, *, K=True, V=True, normalised=False, **others) -> CanonicalNetwork:
        rng = np.random.default_rng(seed)
        fields = {f"phi{v}": rng.normal(-1.5, 1.0, Nx) for v in (1, 0)}
        if normalised:
            fields = {"phi1": -np.logaddexp(0, fields["phi1"]), "phi0": -np.logaddexp(0, -fields["phi1"])}
        for block, post, pre, present in (("W", Nx, No, True), ("K", Nx, Nx, K), ("V", Ny, Nx, V and Ny)):
            if present:
                fields |= {f"{block}{v}": rng.normal(0.0, 1.7, (post, pre)).clip(-9, 9) for v in (1, 0)}
                fields[f"lambda_{block}"] = rng.uniform(0.5, 50.0, (2, post, pre))
        if Ny:
            fields |= {f"psi{v}": rng.normal(-1.0, 1.0, Ny) for v in (1, 0)}
        return CanonicalNetwork(**(fields | others))

    return of
