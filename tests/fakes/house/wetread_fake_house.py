"""Plug-ins of a site that counts: a reader that is paid by the call and a destination that counts what it takes.

Both speak to the server whose address stands in FAKE_HOUSE; it lives outside of all processes that are killed.
"""

import hashlib
import json
import os
import urllib.request

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.domain.report import Receipt, Report
from wetread.errors import DeliveryFailed, ReaderUnavailable


def ask(path: str, told: dict) -> dict:
    request = urllib.request.Request(
        os.environ["FAKE_HOUSE"] + path, data=json.dumps(told).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


class Paid:
    """Calls a fracture where the server says so. Every call costs a cent."""

    name = "paid"
    identity = ReaderIdentity(name="paid", version="1", fingerprint="paid-1")

    async def read(self, request: ReadRequest) -> Read:
        import asyncio

        pictures = hashlib.sha256("".join(sorted(view.pixel_sha256 for view in request.views)).encode()).hexdigest()
        try:
            answer = await asyncio.to_thread(ask, "/read", {"pictures": pictures})
        except OSError as problem:
            raise ReaderUnavailable("the paid reader does not answer") from problem
        return Read(
            reader=self.identity,
            findings=(Finding(code="wr:pneumothorax", presence=Presence(answer["presence"])),),
            views_read=tuple(view.pixel_sha256 for view in request.views),
            cost_usd=0.01,
        )


class Counting:
    """Takes a report once by its id, as a destination that keeps to the contract does."""

    name = "counting"

    async def deliver(self, report: Report) -> Receipt:
        import asyncio

        try:
            taken = await asyncio.to_thread(ask, "/deliver", {"report": report.report_id, "study": report.study.ref})
        except OSError as problem:
            raise DeliveryFailed("the counting destination does not answer") from problem
        return Receipt(destination=self.name, report_id=report.report_id, reference=taken["reference"])
