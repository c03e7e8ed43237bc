"""What a read by a vision model costs beyond the provider's own library: time a call, time in line, memory."""

import asyncio
import base64
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np

from benchmarks.fake_endpoint import endpoint
from benchmarks.ratio import Ratio, at_most
from wetread.domain.order import Order
from wetread.domain.read import ReadRequest
from wetread.domain.view import View
from wetread.readers.prompts import first_pass, sheet_for
from wetread.readers.vision.extra import httpx2
from wetread.readers.vision.question import without_type_lists
from wetread.settings import Settings
from wetread.testing.phantoms import chest_pattern
from wetread.testing.views import view_of
from wetread.wiring.equipment import Equipment
from wetread.wiring.readers import one_reader

CALLS = 256
STUDIES, AT_ONCE, DELAY_S = 400, 5, 1.0
PICTURES = 10_000
MIB = 1 << 20


def ratios() -> list[Ratio]:
    """The time that wetread adds to a call, at one and at 64 at once; the time in line; growth of memory."""
    return [_overhead(1), _overhead(64), _in_line(), _memory()]


def film() -> View:
    """A chest of 512 x 512: large enough to count, small enough that the endpoint is not the measure."""
    pixels = (chest_pattern(512, 512) * 255).astype(np.uint8)
    return view_of(pixels, modality="DX", body_part="CHEST", projection="PA")


def _asked(number: int = 0) -> ReadRequest:
    return ReadRequest(study_ref=f"st-{number}", views=(film(),), order=Order())


def _reader(address: str, folder: str, concurrency: int):  # noqa: ANN202 - whatever wiring builds
    row = {
        "kind": "vision",
        "provider": "openai-compatible",
        "model_id": "fake",
        "base_url": address,
        "concurrency": concurrency,
        "cache": "off",
    }
    settings = Settings.model_validate({"readers": {"fake": row}, "data_dir": Path(folder)})
    return one_reader("fake", Equipment(settings))


def _overhead(concurrency: int) -> Ratio:
    """Milliseconds a read takes beyond the same request by the provider's own library, both `concurrency` at once."""
    from openai import AsyncOpenAI

    request = _asked()
    sheet = sheet_for(request, Equipment(Settings()).vocabulary)
    picture = base64.b64encode(request.views[0].picture).decode()
    shown = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    text = {"type": "text", "text": first_pass(sheet, request.views, nonce="0" * 16)}
    messages = [{"role": "system", "content": sheet.system}, {"role": "user", "content": [shown, text]}]
    shape = {"name": "read", "schema": without_type_lists(sheet.schema), "strict": True}

    async def both(address: str, folder: str) -> tuple[float, float]:
        reader = _reader(address, folder, concurrency)
        async with AsyncOpenAI(
            base_url=address, api_key="none", max_retries=0, http_client=httpx2.AsyncClient()
        ) as library:

            async def plain() -> object:
                return await library.chat.completions.create(
                    model="fake",
                    messages=messages,
                    response_format={"type": "json_schema", "json_schema": shape},
                    max_tokens=4096,
                    temperature=0,
                )

            rounds = [
                (await _each_s(plain, concurrency), await _each_s(lambda: reader.read(request), concurrency))
                for _ in range(3)
            ]
        return min(one for one, _ in rounds), min(two for _, two in rounds)

    with endpoint() as address, tempfile.TemporaryDirectory() as folder:
        library_s, ours_s = asyncio.run(both(address, folder))
    more_ms = (ours_s - library_s) * 1e3
    detail = f"library {library_s * 1e3:.2f} ms, wetread {ours_s * 1e3:.2f} ms a call"
    return at_most(
        f"vision call, {concurrency} at once", more_ms, 5.0, "ms beyond the provider's library", detail=detail
    )


async def _each_s(work: Callable[[], Awaitable[object]], concurrency: int) -> float:
    """Seconds of processing a call: the wall time of many, divided by their number."""
    await asyncio.gather(*(work() for _ in range(concurrency)))
    left = iter(range(CALLS))

    async def worker() -> None:
        for _ in left:
            await work()

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return (time.perf_counter() - start) / CALLS


def _in_line() -> Ratio:
    """400 studies, five calls at once, against an endpoint that takes a second: wall time to ideal."""

    async def every(address: str, folder: str) -> float:
        reader = _reader(address, folder, AT_ONCE)
        await reader.read(_asked())
        requests = [_asked(number) for number in range(STUDIES)]
        start = time.perf_counter()
        await asyncio.gather(*(reader.read(one) for one in requests))
        return time.perf_counter() - start

    with endpoint(DELAY_S) as address, tempfile.TemporaryDirectory() as folder:
        took_s = asyncio.run(every(address, folder))
    ideal_s = STUDIES / AT_ONCE * DELAY_S
    return at_most(
        "400 studies, 5 at once", took_s / ideal_s, 1.05, "ideal time", detail=f"{took_s:.1f} s of {ideal_s:.1f} s"
    )


def _memory() -> Ratio:
    """Resident memory after 10,000 pictures beside that after 1,000."""

    async def every(address: str, folder: str) -> list[float]:
        reader = _reader(address, folder, 8)
        seen = []
        left = iter(range(PICTURES))

        async def worker() -> None:
            for number in left:
                await reader.read(_asked(number))
                if number in {999, PICTURES - 1}:
                    seen.append(_resident())

        await asyncio.gather(*(worker() for _ in range(8)))
        return seen

    with endpoint() as address, tempfile.TemporaryDirectory() as folder:
        early, late = asyncio.run(every(address, folder))
    detail = f"{early / MIB:.0f} MiB after 1,000 pictures, {late / MIB:.0f} MiB after {PICTURES:,}"
    return at_most("memory over 10,000 pictures", late / early, 1.1, "memory after 1,000", detail=detail)


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return float(pages * resource.getpagesize())
