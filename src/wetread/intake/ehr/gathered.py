"""What was gathered of a patient, and how it joins what the order says."""

from dataclasses import dataclass, replace

from wetread.domain.order import Laboratory, Order, PriorReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Parts of an order. `problems` say what could not be asked or taken and name no patient.

    `sex` and `age_years` are given only where the study's own header has none.
    """

    history: tuple[str, ...] = ()
    laboratory: tuple[Laboratory, ...] = ()
    priors: tuple[PriorReport, ...] = ()
    sex: str | None = None
    age_years: float | None = None
    problems: tuple[str, ...] = ()


def with_context(order: Order, gathered: Gathered) -> Order:
    """The order with what was gathered behind what it says itself; nothing stands there twice."""
    said = {line.casefold() for line in order.history}
    measured = {one.name.casefold() for one in order.laboratory}
    told = {prior.text for prior in order.priors}
    return replace(
        order,
        age_years=order.age_years if order.age_years is not None else gathered.age_years,
        sex=order.sex or gathered.sex,
        history=(*order.history, *(line for line in gathered.history if line.casefold() not in said)),
        laboratory=(*order.laboratory, *(o for o in gathered.laboratory if o.name.casefold() not in measured)),
        priors=(*order.priors, *(prior for prior in gathered.priors if prior.text not in told)),
    )
