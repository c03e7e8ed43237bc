"""A reader that follows a list of steps, in time that the test turns."""

import asyncio

import numpy as np
import pytest

from wetread.domain.order import Order
from wetread.domain.read import Read, ReadRequest
from wetread.testing.clock import TurnableTime
from wetread.testing.studies import finding, identity, read
from wetread.testing.views import view_of


class Steps:
    """Answers with the next step: a read, an error, or an async function of the request. The last step stays."""

    def __init__(self, *steps, name="one", delay_s=0.0, time=None):
        self.name = name
        self.identity = identity(name)
        self.steps = list(steps)
        self.delay_s = delay_s
        self.time = time
        self.calls = 0
        self.seen = []
        self.inside = self.most_inside = 0

    async def read(self, request):
        self.calls += 1
        self.seen.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            if self.delay_s:
                await self.time.sleep(self.delay_s)
            if isinstance(step, BaseException):
                raise step
            return step if isinstance(step, Read) else await step(request)
        finally:
            self.inside -= 1


@pytest.fixture
def steps():
    return Steps


@pytest.fixture
def time():
    return TurnableTime()


@pytest.fixture
def run(time):
    """What a coroutine gives, in turned time."""
    return lambda work: asyncio.run(time.until(work))


@pytest.fixture
def film():
    """A request of one film, of which every part can be changed."""

    def request(*views, seed=0, file="film.dcm", ref="st-film", order=None, **facts):
        pixels = np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)
        shown = views or (view_of(pixels, file=file, modality="DX"),)
        return ReadRequest(study_ref=ref, views=shown, order=order or Order(), **facts)

    return request


@pytest.fixture
def fine():
    """A read that says something."""
    return lambda name="one", **facts: read(finding("wr:pneumothorax", "absent"), name=name, **facts)
