"""A reader and a destination that leave a line for everything they do: installed as a plug-in by `Running`.

`$EFFECTS` is the file of the lines, `$EFFECTS_READ_S` how long a read takes, `$EFFECTS_SCRIPT` a JSON file that tests
may change while processes run: {"gone": true} makes the readers unavailable, {"critical": true} makes them find a
tension pneumothorax, {"denies": ["one"]} makes a reader say it is absent, {"hang": ["one"]} keeps a reader from
answering, {"refuse": true} makes the destination refuse, {"hang_after_delivery": true} keeps it from giving its
receipt.
"""

import asyncio
import json
import os
import time
from pathlib import Path

from wetread.domain.finding import Finding, Presence
from wetread.domain.read import Read, ReaderIdentity
from wetread.domain.report import Receipt
from wetread.domain.view import ViewPlan
from wetread.errors import DeliveryFailed, ReaderUnavailable


def note(*words):
    handle = os.open(os.environ["EFFECTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, (" ".join((f"{time.time():.3f}", str(os.getpid()), *words)) + "\n").encode())
    os.close(handle)


def script():
    try:
        return json.loads(Path(os.environ["EFFECTS_SCRIPT"]).read_text())
    except (OSError, KeyError, ValueError):
        return {}


def lines_so_far():
    return Path(os.environ["EFFECTS"]).read_text().splitlines()


class Noting:
    def __init__(self, name):
        self.name = name
        self.plan = ViewPlan(max_edge_px=64)
        self.identity = ReaderIdentity(name=name, version="1", fingerprint="1")

    async def read(self, request):
        note("asked", self.name, request.study_ref)
        await asyncio.sleep(float(os.environ.get("EFFECTS_READ_S", "0")))
        while self.name in script().get("hang", ()):  # noqa: ASYNC110 - another process says when to go on
            await asyncio.sleep(0.02)
        if script().get("gone"):
            raise ReaderUnavailable("the provider is gone")
        note("answered", self.name, request.study_ref)
        code = "wr:tension-pneumothorax" if script().get("critical") else "wr:cardiomegaly"
        said = Presence.ABSENT if self.name in script().get("denies", ()) else Presence.PRESENT
        finding = Finding(code=script().get("code", code), presence=said)
        views = tuple(view.pixel_sha256 for view in request.views)
        return Read(reader=self.identity, findings=(finding,), views_read=views, cost_usd=0.01)


class Counting:
    name = "counting"

    async def deliver(self, report):
        if script().get("refuse"):
            raise DeliveryFailed("it is not wanted here", retry=False)
        note("delivered", report.report_id, report.study.ref, report.urgency.priority.value)
        while script().get("hang_after_delivery"):  # noqa: ASYNC110 - another process says when to go on
            await asyncio.sleep(0.02)
        return Receipt(destination=self.name, report_id=report.report_id, reference=f"counted {report.report_id}")

    async def receipt_of(self, report):
        lines = lines_so_far()
        if any(line.split()[2:4] == ["delivered", report.report_id] for line in lines):
            return Receipt(destination=self.name, report_id=report.report_id, reference=f"counted {report.report_id}")
        return None


def one():
    return Noting("one")


def two():
    return Noting("two")
