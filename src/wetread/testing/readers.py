"""A reader that says what a test wants, and the contract that every reader must keep."""

import asyncio
from collections.abc import Iterable

from wetread.domain.finding import Finding
from wetread.domain.order import Order
from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.domain.view import View, ViewPlan
from wetread.errors import ReaderError, WetreadError
from wetread.ports import Reader, identity_of, plan_of


class ScriptedReader:
    """Answers with the findings it was given, or raises the error it was given."""

    def __init__(
        self, name: str, answer: Iterable[Finding] | WetreadError = (), *, plan: ViewPlan | None = None
    ) -> None:
        self.name = name
        self.plan = plan or ViewPlan()
        self.identity = ReaderIdentity(name=name, version="scripted", fingerprint="scripted")
        self._answer = answer if isinstance(answer, WetreadError) else tuple(answer)

    async def read(self, request: ReadRequest) -> Read:
        """The script."""
        if isinstance(self._answer, WetreadError):
            raise self._answer
        return Read(
            reader=self.identity,
            findings=self._answer,
            views_read=tuple(view.pixel_sha256 for view in request.views),
        )


def check_reader(reader: Reader, views: tuple[View, ...], *, known_codes: Iterable[str]) -> None:
    """Assert what every reader owes: a name, a plan, coded answers or a ReaderError, the same answer twice.

    views: what the reader can be shown, prepared by its own plan. known_codes: the vocabulary's codes.
    Raises: AssertionError saying what is broken.
    """
    assert isinstance(reader, Reader), "a reader has a name and an async read(request)"
    assert reader.name, "a reader needs a name"
    assert isinstance(plan_of(reader), ViewPlan), "plan must be a ViewPlan"
    assert identity_of(reader).name == reader.name, "identity.name must be the reader's name"
    first, second = (_ask(reader, views) for _ in range(2))
    assert first == second, "the same request must give the same answer"
    if isinstance(first, Read):
        _check_read(first, set(known_codes), views)
    nothing = _ask(reader, ())
    assert not isinstance(nothing, Read) or not nothing.views_read, "a reader can't have read views it was not sent"


def _ask(reader: Reader, views: tuple[View, ...]) -> Read | str:
    request = ReadRequest(study_ref="st-contract", views=views, order=Order())
    try:
        return asyncio.run(reader.read(request))
    except ReaderError as refusal:
        assert str(refusal), "a refusal needs a reason"
        return f"{type(refusal).__name__}: {refusal}"


def _check_read(read: Read, codes: set[str], views: tuple[View, ...]) -> None:
    unknown = [finding.code for finding in read.findings if finding.code not in codes]
    assert not unknown, f"codes outside the vocabulary: {unknown}"
    pairs = [(finding.code, finding.laterality) for finding in read.findings]
    assert len(set(pairs)) == len(pairs), "one finding per code and side"
    hashes = {view.pixel_sha256 for view in views}
    assert set(read.views_read) <= hashes, "views_read names pictures that were not sent"
    for finding in read.findings:
        stated = finding.probability is None or finding.calibrator_id is not None
        assert stated, f"{finding.code}: a probability needs the calibrator it came from"
