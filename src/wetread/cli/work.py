"""`wetread work`: a worker, which reads studies and delivers reports; on this machine or on others."""

import signal
import threading

from wetread.cli.console import note
from wetread.cli.options import Data, DatabaseUrl
from wetread.settings import load_settings


def work(*, data: Data = None, database: DatabaseUrl = None) -> int:
    """Read studies of the service until it is told to stop.

    Any number of workers share a PostgreSQL database; they need the same blobs (service.blobs) where they run on other
    machines. A worker that is killed is missed by none: another one, or the next, goes on where it was.
    """
    from wetread.wiring.processes import end_with_parent
    from wetread.wiring.service import open_service
    from wetread.wiring.working import open_worker
    from wetread.worklist.patience import Stopped

    end_with_parent()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    service = open_service(load_settings(), data, database)
    try:
        with open_worker(service, stopping) as worker:
            worker.start()
            note(f"working as {worker.executor_id}")
            worker.run()
    except Stopped:
        note("stopped before the store answered")
    finally:
        service.close()
    return 0
