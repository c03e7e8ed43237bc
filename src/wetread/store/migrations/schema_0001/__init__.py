"""The tables as schema 0001 made them, whatever has become of them since."""

from wetread.store.migrations.schema_0001 import flow, people, study
from wetread.store.migrations.schema_0001.base import metadata

__all__ = ["flow", "metadata", "people", "study"]
