"""A batch's rows as a file: CSV, JSON Lines or Parquet. The file is whole or the old one stays."""

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wetread.errors import MissingExtra

Row = Mapping[str, Any]
TEXTS = frozenset(("ref", "file", "study_uid", "status", "priority", "top_finding", "readers", "problem"))
COUNTS = frozenset(("images", "target_min"))


class TableFormat(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def check_format(output: TableFormat) -> None:
    """Whether the format can be written here.

    Raises: MissingExtra.
    """
    if output is TableFormat.PARQUET and find_spec("pyarrow") is None:
        raise MissingExtra("Parquet needs a further package: pip install 'wetread[parquet]'")


def write_table(rows: Sequence[Row], path: Path, output: TableFormat) -> None:
    """Write the rows, every column that any of them has, in the order of their first appearance.

    Raises: MissingExtra, OSError.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    writers = {TableFormat.CSV: _csv, TableFormat.JSONL: _jsonl, TableFormat.PARQUET: _parquet}
    data = writers[output](rows, columns)
    partial = path.with_name(f".{path.name}.part")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _csv(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """With a byte-order mark, so that spreadsheets take it for UTF-8; no cell is a formula to them."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _jsonl(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    lines = (json.dumps({name: row.get(name) for name in columns}, ensure_ascii=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def _parquet(rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    check_format(TableFormat.PARQUET)
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    kinds = dict.fromkeys(TEXTS, pa.string()) | dict.fromkeys(COUNTS, pa.int64())  # by name: all batches have the same
    arrays = {name: pa.array([row.get(name) for row in rows], type=kinds.get(name, pa.float64())) for name in columns}
    data = io.BytesIO()
    parquet.write_table(pa.table(arrays), data)
    return data.getvalue()
