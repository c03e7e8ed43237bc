"""A reader that costs money: a line for every film it is asked about and answers on; without money it refuses.

`$PAID` is the file of the lines, `$PAID_MONEY` how many films may be paid, `$PAID_S` how long an answer takes.
"""

import asyncio
import os
from pathlib import Path

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.view import ViewPlan
from wetread.errors import BudgetSpent


class Paid:
    name = "paid"
    plan = ViewPlan(max_edge_px=64)
    identity = ReaderIdentity(name="paid", version="1", fingerprint="1")

    def __init__(self):
        self.lines = Path(os.environ["PAID"])

    def note(self, what, ref):
        with self.lines.open("a") as file:
            file.write(f"{what} {ref}\n")

    async def read(self, request):
        answered = self.lines.read_text().count("answered") if self.lines.exists() else 0
        if answered >= int(os.environ["PAID_MONEY"]):
            raise BudgetSpent("paid: this call may cost $1, but $0 is left")
        self.note("asked", request.study_ref)
        await asyncio.sleep(float(os.environ["PAID_S"]))
        self.note("answered", request.study_ref)
        found = (Finding(code="wr:pneumothorax", presence=Presence.PRESENT, probability=0.9),)
        views = tuple(view.pixel_sha256 for view in request.views)
        return Read(reader=self.identity, findings=found, views_read=views, cost_usd=1.0)
