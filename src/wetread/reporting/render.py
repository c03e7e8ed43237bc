"""The front door: a report in one of the formats."""

from collections.abc import Callable

from wetread.domain.report import Report
from wetread.errors import ConfigurationError
from wetread.reporting.as_html import as_html
from wetread.reporting.as_json import as_json
from wetread.reporting.as_pdf import as_pdf
from wetread.reporting.as_text import as_text

FORMATS: dict[str, Callable[[Report], bytes]] = {"text": as_text, "json": as_json, "html": as_html, "pdf": as_pdf}


def render(report: Report, output: str) -> bytes:
    """The report as bytes; text formats are UTF-8.

    Raises: ConfigurationError for an unknown format, MissingExtra where a library is not installed.
    """
    if output not in FORMATS:
        raise ConfigurationError(f"no report format {output!r}; there are {', '.join(FORMATS)}")
    return FORMATS[output](report)
