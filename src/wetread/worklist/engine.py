"""The durable engine (DBOS): queues, the flows that run on them, and what is left of a worker that died.

The engine only makes progress; the truth is the store's. Its tables may be lost at any time: whatever the store says is
not done is enqueued anew (`worklist.chores`). A flow holds nothing but names, so its record is small and plain JSON.
"""

import logging
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, cast

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

READING, DELIVERING = "reading", "delivering"
FLOW_FORMAT = "1"  # of the flows' arguments and steps; an upgrade that keeps it finds the flows of before
APPLICATION = "wetread"
POLL_S = 0.2
DELIVERIES_AT_ONCE = 4
DELIVERY_PRIORITY = 1
WITHOUT_LIMIT = 1_000_000  # beginnings are counted by ourselves, per study (`store.jobs`)
LIVE = ("ENQUEUED", "PENDING", "DELAYED")
ID_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What the flows call: read a generation of a study, try to deliver a report."""

    read: Callable[[str, int], Coroutine[Any, Any, str]]
    deliver: Callable[[str, str, int], Coroutine[Any, Any, str]]


_hands: list[Hands] = []


@DBOS.workflow(name="read_study", max_recovery_attempts=WITHOUT_LIMIT)
async def read_flow(study_id: str, generation: int) -> str:
    """Read one generation of a study. What every reader and call gave is kept in the store, not in the engine."""
    return await DBOS.run_step_async({"name": "read"}, _hands[-1].read, study_id, generation)


@DBOS.workflow(name="deliver_report", max_recovery_attempts=WITHOUT_LIMIT)
async def deliver_flow(report_id: str, destination: str, attempt: int) -> str:
    """Try once to deliver a report to one destination."""
    return await DBOS.run_step_async({"name": "deliver"}, _hands[-1].deliver, report_id, destination, attempt)


class Engine:
    """The engine of this process; there is one a process. `url` is where its own tables are."""

    def __init__(self, url: str, executor_id: str, *, studies_at_once: int) -> None:
        self.url, self.executor_id = url, executor_id
        self._studies_at_once = studies_at_once

    def launch(self, hands: Hands) -> None:
        """Begin to work: from now on flows of the queues run here."""
        _hands[:] = [hands]
        _quiet()
        DBOS(config=self._config())
        DBOS.launch()
        self._register(READING, self._studies_at_once)
        self._register(DELIVERING, DELIVERIES_AT_ONCE)

    def _config(self) -> DBOSConfig:
        return {
            "name": APPLICATION,
            "system_database_url": self.url,
            "executor_id": self.executor_id,
            "application_version": FLOW_FORMAT,
            "serializer": DBOSPortableJSONSerializer(),
            "log_level": "ERROR",
            "sys_db_pool_size": 5,
            "enable_otlp": False,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 1.0,
        }

    @staticmethod
    def _register(name: str, at_once: int) -> None:
        DBOS.register_queue(name, worker_concurrency=at_once, polling_interval_sec=POLL_S, on_conflict="always_update")

    def enqueue_read(self, job_id: str, study_id: str, generation: int, *, priority: int) -> None:
        """Put a study into the reading queue; doing it again changes nothing."""
        self._enqueue(job_id, "read_study", READING, priority, study_id, generation)

    def enqueue_delivery(self, job_id: str, report_id: str, destination: str, attempt: int) -> None:
        """Put a try to deliver into its queue; doing it again changes nothing."""
        self._enqueue(job_id, "deliver_report", DELIVERING, DELIVERY_PRIORITY, report_id, destination, attempt)

    @staticmethod
    def _enqueue(job_id: str, flow: str, queue: str, priority: int, *arguments: str | int) -> None:
        DBOS.enqueue_workflow_with_options(
            {
                "workflow_name": flow,
                "queue_name": queue,
                "workflow_id": job_id,
                "priority": priority,
                "app_version": FLOW_FORMAT,
            },
            *arguments,
        )

    @staticmethod
    def cancel(job_ids: Iterable[str]) -> None:
        """Flows that are void and still wait need not run."""
        if ids := list(job_ids):
            DBOS.cancel_workflows(ids)

    @staticmethod
    def living(job_ids: Iterable[str]) -> frozenset[str]:
        """Those of the flows that wait in a queue or run."""
        ids, alive = list(job_ids), set()
        for start in range(0, len(ids), ID_BATCH):
            rows = DBOS.list_workflows(
                workflow_ids=ids[start : start + ID_BATCH], status=list(LIVE), load_input=False, load_output=False
            )
            alive |= {row.workflow_id for row in rows}
        return frozenset(alive)

    @staticmethod
    def under_way() -> dict[str, set[str]]:
        """Names of the flows that run, by the executor that runs them."""
        running: dict[str, set[str]] = {}
        for row in DBOS.list_workflows(status="PENDING", load_input=False, load_output=False):
            running.setdefault(cast(str, row.executor_id), set()).add(row.workflow_id)
        return running

    @staticmethod
    def resume(executor_id: str, *, only: Collection[str] | None = None) -> int:
        """Put what an executor had under way back into the queues, all of it or `only` these; how many flows."""
        rows = DBOS.list_workflows(status="PENDING", executor_id=executor_id, load_input=False, load_output=False)
        rows = [row for row in rows if only is None or row.workflow_id in only]
        for queue in (READING, DELIVERING):
            if ids := [row.workflow_id for row in rows if row.queue_name == queue]:
                DBOS.resume_workflows(ids, queue_name=queue)
        return len(rows)

    @staticmethod
    def stop(*, within_s: int) -> None:
        """Begin nothing new, give what runs some time, let go."""
        DBOS.destroy(workflow_completion_timeout_sec=within_s)


class _Short(logging.Filter):
    """Lets the engine say that something went wrong, without the trace: it may quote what a flow holds."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always true; the trace is taken off."""
        record.exc_info = record.exc_text = None
        return True


def _quiet() -> None:
    logging.getLogger("dbos").addFilter(_Short())
