"""HL7 v2 over MLLP as a destination: one message a connection, and what the peer acknowledges of it."""

import asyncio
import importlib
import ssl
from dataclasses import dataclass
from types import ModuleType
from typing import Self

from wetread.delivery.hl7 import as_oru, control_id
from wetread.delivery.network.tls import client_context
from wetread.delivery.tools import Tools
from wetread.domain.report import Receipt, Report
from wetread.errors import ConfigurationError, DeliveryFailed, MissingExtra
from wetread.settings import DestinationSettings, HL7Names

LONGEST_ANSWER_BYTES = 1 << 20
TAKEN, FOR_NOW, FOR_EVER = ("AA", "CA"), ("AE", "CE"), ("AR", "CR")  # table 0008
NUMBER_LENGTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What the peer says of a message: MSA-1, MSA-2, and the number of its error (ERR-3, table 0357).

    Its words are left out: they may name the patient.
    """

    code: str
    control_id: str
    error: str | None = None


class Mllp:
    """Sends reports as ORU^R01. The same report twice is the same message twice, with the same control id.

    An acknowledgement says that the peer took the message, not that it understood it: the receipt says as much.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        *,
        tools: Tools,
        names: HL7Names | None = None,
        with_pdf: bool = False,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        self.name = name
        self._host, self._port = address
        self._tools = tools
        self._names = names or HL7Names.model_validate({})
        self._with_pdf = with_pdf
        self._tls = tls
        self._timeout_s = timeout_s

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Self:
        """The destination of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        if not own.host or own.port is None:
            raise ConfigurationError(f"service.destinations.{name}: set host and port of the HL7 receiver")
        _library()
        return cls(
            name,
            (own.host, own.port),
            tools=tools,
            names=own.names,
            with_pdf=own.with_pdf,
            tls=client_context(name, own.tls) if own.tls else None,
            timeout_s=own.timeout_s,
        )

    async def deliver(self, report: Report) -> Receipt:
        """Send the message and wait for its acknowledgement.

        Raises: DeliveryFailed; a rejection (AR, CR) is lasting, everything else may pass.
        """
        message = await asyncio.to_thread(self._message, report)
        told = acknowledgement(await self._exchange(message))
        reference = control_id(report)
        if told is None:
            raise DeliveryFailed(f"destination {self.name!r}: its answer is no acknowledgement (MSH, MSA)")
        if told.control_id != reference:
            raise DeliveryFailed(f"destination {self.name!r}: it acknowledges another message than ours, {reference}")
        if told.code not in TAKEN:
            error = f", error {told.error}" if told.error else ""
            known = told.code if told.code in (*FOR_NOW, *FOR_EVER) else "an unknown code"
            raise DeliveryFailed(
                f"destination {self.name!r}: it answers {reference} with {known}{error}",
                retry=told.code not in FOR_EVER,
            )
        return Receipt(
            destination=self.name, report_id=report.report_id, reference=f"{reference} acknowledged {told.code}"
        )

    def _message(self, report: Report) -> bytes:
        text = self._tools.render(report, "text").decode("utf-8", "replace")
        pdf = self._tools.render(report, "pdf") if self._with_pdf else None
        return as_oru(report, names=self._names, text=text, pdf=pdf)

    async def _exchange(self, message: bytes) -> bytes:
        """The bytes that the peer answers with."""
        library = _library()
        told = {"limit": LONGEST_ANSWER_BYTES, "ssl": self._tls}
        try:
            async with asyncio.timeout(self._timeout_s):
                reader, writer = await library.open_hl7_connection(self._host, self._port, **told)
            try:
                async with asyncio.timeout(self._timeout_s):
                    writer.writeblock(message)
                    await writer.drain()
                    answer: bytes = await reader.readblock()
                    return answer
            finally:
                writer.transport.abort()
        except TimeoutError:
            raise DeliveryFailed(f"destination {self.name!r}: no answer within {self._timeout_s:g} s") from None
        except asyncio.IncompleteReadError:
            raise DeliveryFailed(f"destination {self.name!r}: the peer hung up without an acknowledgement") from None
        except library.InvalidBlockError:
            raise DeliveryFailed(f"destination {self.name!r}: its answer is no MLLP block") from None
        except OSError as problem:
            raise DeliveryFailed(f"destination {self.name!r}: no connection ({type(problem).__name__})") from None
        except ValueError:
            raise DeliveryFailed(
                f"destination {self.name!r}: its answer is longer than {LONGEST_ANSWER_BYTES} bytes"
            ) from None


def acknowledgement(answer: bytes) -> Acknowledgement | None:
    """What an answer says; None where it is no acknowledgement at all. Nothing in it is trusted further."""
    lines = answer.decode("utf-8", "replace").replace("\n", "\r").split("\r")
    header = lines[0].lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")
    if len(header) < len("MSH|^") or not header.startswith("MSH"):
        return None
    field, component = header[3], header[4]
    rows = [line.split(field) for line in lines[1:]]
    said = next((row for row in rows if row[0] == "MSA" and len(row) > 2), None)
    if said is None:
        return None
    numbers = (row[3].split(component)[0] for row in rows if row[0] == "ERR" and len(row) > 3)
    error = next((n for n in numbers if n.isascii() and n.isdigit() and len(n) < NUMBER_LENGTH), None)
    return Acknowledgement(code=said[1].strip(), control_id=said[2].strip(), error=error)


def _library() -> ModuleType:
    """The MLLP client.

    Raises: MissingExtra.
    """
    try:
        return importlib.import_module("hl7.mllp")
    except ModuleNotFoundError:
        raise MissingExtra("sending HL7 needs python-hl7: pip install 'wetread[interop]'") from None
