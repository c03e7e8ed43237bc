"""From the panel's answer to a report, and from a report to text, JSON, HTML and PDF. Pure: no clock, no files."""

from wetread.reporting.compose import Rest, compose
from wetread.reporting.render import render

__all__ = ["Rest", "compose", "render"]
