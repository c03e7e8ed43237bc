"""From the panel's answer to a report, and from a report to text, JSON, HTML and PDF. Pure: no clock, no files."""

from wetread.reporting.compose import Rest, compose
from wetread.reporting.render import render
from wetread.reporting.words import inert, within

__all__ = ["Rest", "compose", "inert", "render", "within"]
