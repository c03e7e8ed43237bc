"""A study is read with what the health record knows; without it where the record does not answer."""

import logging
from datetime import date

import structlog

from wetread.domain.order import Order
from wetread.domain.study import Study
from wetread.intake.ehr import ClinicalContext, with_context

log = structlog.wrap_logger(logging.getLogger("wetread.context"))


async def in_context(context: ClinicalContext | None, study: Study, order: Order, *, today: date) -> Order:
    """The order with what the record adds to it; the order as it is where there is no record or no answer."""
    if context is None:
        return order
    gathered = await context.fetch(study, today=today)
    if gathered.problems:
        log.warning("context is not complete", study=study.ref, problems=list(gathered.problems))
    log.info(
        "context gathered",
        study=study.ref,
        history=len(gathered.history),
        laboratory=len(gathered.laboratory),
        priors=len(gathered.priors),
    )
    return with_context(order, gathered)
