"""The listener of HL7 connections: frames in, acknowledgements out (MLLP), with limits on everything a peer decides."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

import structlog

from wetread.errors import ConfigurationError
from wetread.intake.tls import tls_context
from wetread.settings import HL7Settings

log = structlog.wrap_logger(logging.getLogger("wetread.hl7"))
START, END = b"\x0b", b"\x1c\r"  # HL7 Transport Specification: MLLP, release 1
CHUNK_BYTES = 64 << 10
BETWEEN_BYTES = 1024  # what may stand between two frames
HANDSHAKE_S = 10.0
BACKLOG = 128
LINGER_S = 2.0
HEAD_BYTES = 4096


class FrameBroken(Exception):
    """A peer sends what is no frame, or one that is too long; its connection is closed. `head` is how it began."""

    def __init__(self, why: str, head: bytes = b"") -> None:
        self.head = head
        super().__init__(why)


class Answers(Protocol):
    """What is sent back."""

    async def of(self, message: bytes, peer: str) -> bytes | None:
        """The acknowledgement of a message from this address; None: none is wanted."""
        ...

    def refusal(self, head: bytes, why: str) -> bytes | None:
        """The answer to a message that was not taken whole, by its first bytes."""
        ...


class MllpListener:
    """Takes connections from `start` to `stop`. `answers` is asked for each message; the next is read after it."""

    def __init__(self, settings: HL7Settings, address: tuple[str, int], answers: Answers) -> None:
        """Raises: ConfigurationError (certificates that don't fit)."""
        self._settings, self._bind, self._answers = settings, address, answers
        self._tls = tls_context(settings, "service.hl7")
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, as bound."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    @property
    def open_count(self) -> int:
        """How many connections there are."""
        return len(self._open)

    async def start(self) -> None:
        """Take peers from now on.

        Raises: ConfigurationError where the address can't be had.
        """
        host, port = self._bind
        handshake_s = HANDSHAKE_S if self._tls else None
        try:
            self._server = await asyncio.start_server(
                self._connected,
                host,
                port,
                limit=CHUNK_BYTES,
                backlog=BACKLOG,
                ssl=self._tls,
                ssl_handshake_timeout=handshake_s,
            )
        except OSError as problem:
            raise ConfigurationError(f"can't listen for HL7 on {host}:{port}: {problem.strerror or problem}") from None

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take nobody any more; let what is being answered finish for so long."""
        if self._server is not None:
            self._server.close()
        if self._busy:
            await asyncio.wait(set(self._busy), timeout=grace_s)
        left = set(self._open)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = str((writer.get_extra_info("peername") or ("?",))[0])
        if len(self._open) >= self._settings.max_connections:
            log.warning("connection refused: too many are open", open=len(self._open))
            await _closed(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            await self._converse(reader, writer, peer, task)
        except TimeoutError:
            log.info("connection closed: silence")
        except (OSError, asyncio.IncompleteReadError) as problem:
            log.info("connection broke", kind=type(problem).__name__)
        except FrameBroken as problem:
            log.warning("connection closed", why=str(problem))
        except Exception as bug:  # the edge: one connection must not end the others
            log.exception("connection broke", kind=type(bug).__name__)
        finally:
            self._open.discard(task)
            await _closed(writer)

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str, task: asyncio.Task[None]
    ) -> None:
        limits = {"most_bytes": self._settings.max_message_bytes, "idle_s": self._settings.idle_s}
        try:
            async for message in frames(reader, **limits):
                self._busy.add(task)
                try:
                    await self._send(writer, await self._answers.of(message, peer))
                finally:
                    self._busy.discard(task)
        except FrameBroken as problem:
            if problem.head:
                await self._send(writer, self._answers.refusal(problem.head, str(problem)))
                await _linger(reader, writer)
            raise

    async def _send(self, writer: asyncio.StreamWriter, answer: bytes | None) -> None:
        if answer is not None:
            writer.write(START + answer + END)
            async with asyncio.timeout(self._settings.idle_s):
                await writer.drain()


async def frames(reader: asyncio.StreamReader, *, most_bytes: float, idle_s: float) -> AsyncIterator[bytes]:
    """The messages of a connection until it ends.

    A message must begin within `idle_s` and be whole within as much again.
    Raises: FrameBroken, TimeoutError, OSError.
    """
    held = bytearray()
    while True:
        async with asyncio.timeout(idle_s):
            await _fill_to_start(reader, held)
        if not held:
            return
        async with asyncio.timeout(idle_s):
            end = await _fill_to_end(reader, held, most_bytes)
        message = bytes(memoryview(held)[1:end])
        del held[: end + len(END)]
        yield message


async def _fill_to_start(reader: asyncio.StreamReader, held: bytearray) -> None:
    """Until a frame begins; empty where the peer has hung up. White space between frames is passed over."""
    while True:
        found = held.find(START)
        between = held if found < 0 else held[:found]
        if between.strip(b"\r\n\t \x00") or len(between) > BETWEEN_BYTES:
            raise FrameBroken("what it sends does not begin as MLLP does")
        del held[: len(between)]
        if held:
            return
        if not (chunk := await reader.read(CHUNK_BYTES)):
            return
        held += chunk


async def _fill_to_end(reader: asyncio.StreamReader, held: bytearray, most_bytes: float) -> int:
    """Where the frame ends."""
    seen = 0
    while (end := held.find(END, max(0, seen - 1))) < 0:
        if len(held) > most_bytes:
            raise _too_long(held, most_bytes)
        seen = len(held)
        if not (chunk := await reader.read(CHUNK_BYTES)):
            raise FrameBroken("it hung up in the midst of a message")
        held += chunk
    if end > most_bytes:
        raise _too_long(held, most_bytes)
    return end


def _too_long(held: bytearray, most_bytes: float) -> FrameBroken:
    why = f"a message has more than {most_bytes:,.0f} bytes (service.hl7.max_message_bytes)"
    return FrameBroken(why, bytes(held[1:HEAD_BYTES]))


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let the peer read why before the connection goes: closing on bytes that nobody read would reset it."""
    if writer.can_write_eof():
        writer.write_eof()
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            while await reader.read(CHUNK_BYTES):
                pass


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
        async with asyncio.timeout(HANDSHAKE_S):
            await writer.wait_closed()
