"""Where the wrappers' warnings go: through the standard library, so that unconfigured they never reach stdout."""

import logging

import structlog

log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(logging.getLogger("wetread.readers"))
