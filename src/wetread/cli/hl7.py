"""`wetread hl7`: take orders and patients' corrections over HL7 v2 (MLLP) into the store."""

import asyncio
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.errors import ConfigurationError
from wetread.settings import load_settings

if TYPE_CHECKING:
    from wetread.intake.hl7.mllp import MllpListener

GRACE_S = 10.0


def hl7(
    *,
    data: Data = None,
    database: DatabaseUrl = None,
    listen: Annotated[str | None, typer.Option("--listen", help="HOST:PORT to listen on")] = None,
) -> int:
    """Listen for orders (ORM, OMI, OMG) and patients (ADT) over MLLP.

    A sender is told AA only after what its message says is in the store. It says one line on stderr when it is ready.
    """
    from wetread.intake.hl7.mllp import MllpListener
    from wetread.wiring.processes import end_with_parent, host_and_port
    from wetread.wiring.service import open_service
    from wetread.wiring.working import policies
    from wetread.worklist.matching_rows import Ground
    from wetread.worklist.taking_orders import TakingOrders

    end_with_parent()
    settings = load_settings()
    if (place := listen or settings.service.hl7.listen) is None:
        raise ConfigurationError("no address to listen on for HL7; set service.hl7.listen, or give --listen HOST:PORT")
    host, port = host_and_port(place, "--listen")
    service = open_service(settings, data, database)
    try:
        own = service.settings.service
        ground = Ground(settings=own.matching, policies=policies(service.settings))
        taking = TakingOrders(database=service.database, settings=own.hl7, ground=ground, clock=service.clock)
        asyncio.run(_listen(MllpListener(own.hl7, (host.strip("[]"), port), taking)))
    finally:
        service.close()
    return 0


async def _listen(listener: "MllpListener") -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await listener.start()
    host, port = listener.address
    note(f"listening for HL7 on {f'[{host}]' if ':' in host else host}:{port}")
    sys.stderr.flush()
    await stopping.wait()
    await listener.stop(GRACE_S)
