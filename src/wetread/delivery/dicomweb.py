"""A DICOMweb server as a destination: a report's objects by STOW-RS."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from wetread.delivery.objects_of import Make, maker, reference_of
from wetread.delivery.tools import Tools
from wetread.domain.report import Receipt, Report
from wetread.errors import ConfigurationError, MissingExtra
from wetread.settings import DestinationSettings

if TYPE_CHECKING:
    from wetread.delivery.network.stow import StowClient


@dataclass(frozen=True, slots=True, kw_only=True)
class DicomWeb:
    """Stores objects whose UIDs follow from the report: a server that has them already keeps them once."""

    name: str
    client: "StowClient"
    make: Make = field(repr=False)

    @classmethod
    def configured(cls, name: str, own: DestinationSettings, tools: Tools) -> Self:
        """The server of that name.

        Raises: ConfigurationError naming the key, MissingExtra.
        """
        try:
            from wetread.delivery.network.stow import StowClient
            from wetread.delivery.network.tls import client_context
        except ModuleNotFoundError as problem:
            need = f"storing at a DICOMweb server needs {problem.name}"
            raise MissingExtra(f"{need}: pip install 'wetread[interop,server]'") from None
        if own.url is None:
            raise ConfigurationError(f"service.destinations.{name}: kind dicomweb needs url")
        context = client_context(name, own.tls)
        client = StowClient(name, own.url, token_env=own.token_env, context=context, timeout_s=own.timeout_s)
        return cls(name=name, client=client, make=maker(own, tools))

    async def deliver(self, report: Report) -> Receipt:
        """Have all objects of the report stored in one request.

        Raises: DeliveryFailed, InputError (the study has no DICOM objects), MissingExtra.
        """
        objects = await asyncio.to_thread(self.make, report)
        notes = await self.client.store(objects) if objects else ()
        return Receipt(destination=self.name, report_id=report.report_id, reference=reference_of(objects, notes))
