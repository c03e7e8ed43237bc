"""Settings become wired objects: the only place that chooses implementations."""

from wetread.settings import settings_file
from wetread.wiring.bench import BenchRow, bench
from wetread.wiring.configuration import Remark, check_configuration
from wetread.wiring.desk import ReadingRoom, in_worklist_order, open_desk, read_all, read_one
from wetread.wiring.installation import Check, examine_installation
from wetread.wiring.outputs import deliver_all, rendered
from wetread.wiring.preparing import imaging_guard, plan, prepare_guarded, write_views
from wetread.wiring.readers import catalog_rows, choose_readers, install_reader, probe_reader, reader_rows
from wetread.wiring.sources import DEMO, Orders, declare, demo_files, open_context, open_source

__all__ = [
    "DEMO",
    "BenchRow",
    "Check",
    "Orders",
    "ReadingRoom",
    "Remark",
    "bench",
    "catalog_rows",
    "check_configuration",
    "choose_readers",
    "declare",
    "deliver_all",
    "demo_files",
    "examine_installation",
    "imaging_guard",
    "in_worklist_order",
    "install_reader",
    "open_context",
    "open_desk",
    "open_source",
    "plan",
    "prepare_guarded",
    "probe_reader",
    "read_all",
    "read_one",
    "reader_rows",
    "rendered",
    "settings_file",
    "write_views",
]
