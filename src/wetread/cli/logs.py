"""Where log lines go: stderr, one a line, fields after the event. Nothing of a patient is ever logged."""

import logging
import sys

import structlog

CALLERS = ("httpx", "httpx2", "openai", "anthropic", "google_genai")
QUIET = (*CALLERS, "alembic", "dbos", "rapidocr", "RapidOCR")
SILENT = ("pydicom", "pynetdicom")  # what they log quotes header values and peers


def start_logging(level: str) -> None:
    """Send what the rooms log to stderr from this level on; libraries speak up only for errors."""
    logging.basicConfig(stream=sys.stderr, level=level.upper(), format="%(message)s", force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
