"""An OpenAI-compatible endpoint that answers the same after a set delay: `python -m benchmarks.fake_endpoint DELAY_S`.

It runs in a process of its own, so that its work is not counted as the reader's.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ANSWER = {
    "quality": {"grade": "diagnostic", "issues": []},
    "findings": [],
    "absent": ["wr:pneumothorax", "wr:pneumonia"],
    "not_assessable": [],
    "other_findings": [],
    "urgency": "P4",
    "impression": [],
    "differential": [],
    "recommendations": [],
    "abstain": None,
}
COMPLETION = {
    "id": "fake",
    "object": "chat.completion",
    "created": 0,
    "model": "fake",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(ANSWER)}}],
    "usage": {"prompt_tokens": 2500, "completion_tokens": 120, "total_tokens": 2620},
}


async def serve(delay_s: float) -> None:
    """Answer every request with the completion; print the port first."""
    body = json.dumps(COMPLETION).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                headers = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(headers.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                await asyncio.sleep(delay_s)
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=1 << 24)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def endpoint(delay_s: float = 0.0) -> Iterator[str]:
    """The address of a running endpoint."""
    command = [sys.executable, "-m", "benchmarks.fake_endpoint", str(delay_s)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as child:
        assert child.stdout is not None
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}/v1"
        child.kill()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
