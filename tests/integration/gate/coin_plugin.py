"""Readers that toss a coin over the picture's hash: they answer every code and know nothing.

`$COIN` and `$DIME` are their fingerprints, so that a test can change who they are.
"""

import hashlib
import os
from dataclasses import replace

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.view import ViewPlan

TOSSED = (
    "wr:pleural-effusion",
    "wr:infiltrate",
    "wr:pulmonary-nodule",
    "wr:pulmonary-mass",
    "wr:atelectasis-subsegmental",
    "wr:pleural-thickening",
)


class Coin:
    name = "coin"
    plan = ViewPlan(max_edge_px=64)

    def __init__(self):
        mark = os.environ.get(self.name.upper(), f"{self.name}-1")
        self.identity = ReaderIdentity(name=self.name, version="1", fingerprint=mark)

    async def read(self, request):
        shown = request.views[0].pixel_sha256
        toss = {
            code: hashlib.sha256(f"{self.name} {shown} {code}".encode()).digest()[0] / 256 for code in (*TOSSED, "any")
        }
        return Read(
            reader=self.identity,
            findings=tuple(
                Finding(
                    code=code,
                    presence=Presence.PRESENT if toss[code] > 0.92 else Presence.ABSENT,
                    probability=toss[code],
                    calibrator_id="coin",
                )
                for code in TOSSED
            ),
            abnormal_probability=toss["any"],
            views_read=tuple(view.pixel_sha256 for view in request.views),
            cost_usd=0.0,
        )


class Dime(Coin):
    """The other coin. It calls every film critical."""

    name = "dime"

    async def read(self, request):
        told = await super().read(request)
        worst = Finding(code="wr:pneumothorax", presence=Presence.PRESENT, probability=0.9, calibrator_id="dime")
        return replace(told, findings=(worst, *told.findings), cost_usd=0.02)


class Broken(Coin):
    """A coin that rolls under the table."""

    name = "broken"

    async def read(self, request):
        raise RuntimeError("gone")
