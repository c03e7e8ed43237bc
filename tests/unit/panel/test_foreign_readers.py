"""A plug-in that answers with something else costs its own answer, not the study."""

import asyncio

import pytest

from wetread.domain.order import Order
from wetread.domain.read import Abstention, ReadRequest
from wetread.panel import convene


class Odd:
    name = "odd"

    def __init__(self, answer):
        self._answer = answer

    async def read(self, _request):
        return self._answer


@pytest.mark.parametrize("answer", [None, {"urgency": "Routine"}, "all fine"])
def test_anything_but_a_read_is_a_broken_reader(answer):
    request = ReadRequest(study_ref="st-1", views=(), order=Order())
    (told,) = asyncio.run(convene([Odd(answer)], lambda _: request, timeout_s=5.0))
    assert isinstance(told, Abstention)
    assert told.failed
    assert type(answer).__name__ in told.reason
