"""How outcomes become risk, and risk modulates the learning of decisions."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from synfer.core.params import Params, field


class RiskModulation(Params):
    """Decisions are learned in windows, after the trial, each by 1 - 2 Gamma of the risk Gamma in its window.

    Net progress in a window of n steps is (1 - 2 mean G) n; Gamma is the first value of `risk` up to the first bound of
    `net`, the second up to the second one, and so on, and the last above them all. With a risk above 1/2 decisions are
    unlearned. Isomura, Shimazaki & Friston (2022), Commun. Biol. 5:55, methods.

    Example:
        >>> RiskModulation(risk=(0.0, 0.0, 0.0)).net
        (0.0, 10.0)
    """

    kind: Literal["risk_modulation"] = "risk_modulation"
    window: int = field(200, symbol="n", doc="steps of a window; progress in a shorter last one counts as in n", ge=1)
    net: tuple[float, ...] = field((0.0, 10.0), doc="bounds of net progress, which rise")
    risk: tuple[Annotated[float, Field(ge=0, le=1)], ...] = field(
        (0.55, 0.45, 0.0), symbol="Gamma", doc="risk up to each bound of net progress, and above them all"
    )
    floor: float = field(1.0, doc="least that counts of decisions may become", gt=0)

    @model_validator(mode="after")
    def _fits(self) -> "RiskModulation":
        if len(self.risk) != len(self.net) + 1:
            raise ValueError(
                f"risk has {len(self.risk)} values and must have {len(self.net) + 1}, one up to each of the "
                f"{len(self.net)} bounds in net and one above them all"
            )
        if any(low >= high for low, high in zip(self.net, self.net[1:], strict=False)):
            raise ValueError(f"net = {self.net} must rise from bound to bound; sort it")
        return self
