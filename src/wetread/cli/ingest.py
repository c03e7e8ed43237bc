"""`wetread ingest`: from the spool to the store. One process beside the spool; a second one waits for the first.

It also looks at the site's sources and at its service levels: it is the one process of each site that is there once.
"""

import signal
import threading
from functools import partial

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.settings import load_settings


def ingest(*, data: Data = None, database: DatabaseUrl = None) -> int:
    """Take objects that came in out of the spool and place them in their studies, until it is told to stop."""
    from wetread.intake.commitments import FOLDER
    from wetread.monitor.alerts import keep_watching, open_webhook
    from wetread.wiring.processes import end_with_parent
    from wetread.wiring.service import open_service
    from wetread.wiring.working import open_ingest
    from wetread.worklist.committing import Committing
    from wetread.worklist.fetching import fetch_all
    from wetread.worklist.ingest import alone

    end_with_parent()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    service = open_service(load_settings(), data, database)
    try:
        with alone(service.spool, stopping) as ours, open_ingest(service) as taking:
            if ours:
                fetch_all(service.settings.service.sources, service, stop=stopping)
                open_webhook(service.settings.service.alerts)  # what is wrong with it is said before anything starts
                watching = partial(keep_watching, service, stop=stopping)
                threading.Thread(target=watching, daemon=True, name="service levels").start()
                answers = service.data_dir / FOLDER
                committing = Committing(database=service.database, clock=service.clock, folder=answers)
                threading.Thread(target=committing.run, args=(stopping,), daemon=True, name="commitment").start()
                note("taking in what arrives")
                taking.run(stopping)
    finally:
        service.close()
    return 0
