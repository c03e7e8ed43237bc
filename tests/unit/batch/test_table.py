"""A batch's rows in three formats."""

import csv
import json

import pytest

from wetread.errors import MissingExtra
from wetread.wiring import batch_table
from wetread.wiring.batch_table import TableFormat, check_format, write_table

ROWS = [
    {"ref": "st-1", "file": "Thorax früh.dcm", "images": 1, "cost_usd": None, "problem": None, "wr:x": 0.25},
    {"ref": "st-2", "file": "=1+1.dcm", "images": 2, "cost_usd": 0.01, "problem": 'a "quoted", one', "wr:y": 0.5},
]
COLUMNS = ["ref", "file", "images", "cost_usd", "problem", "wr:x", "wr:y"]


def test_csv_has_every_column_and_no_formulas(tmp_path):
    write_table(ROWS, tmp_path / "t.csv", TableFormat.CSV)
    with (tmp_path / "t.csv").open(encoding="utf-8-sig", newline="") as file:
        head, first, second = csv.reader(file)
    assert head == COLUMNS
    assert first == ["st-1", "Thorax früh.dcm", "1", "", "", "0.25", ""]
    assert second == ["st-2", "'=1+1.dcm", "2", "0.01", 'a "quoted", one', "", "0.5"]


def test_json_lines_say_null_for_what_is_unknown(tmp_path):
    write_table(ROWS, tmp_path / "t.jsonl", TableFormat.JSONL)
    first, second = map(json.loads, (tmp_path / "t.jsonl").read_text(encoding="utf-8").splitlines())
    assert first == {**ROWS[0], "wr:y": None}
    assert second == {**ROWS[1], "wr:x": None}


def test_parquet_columns_have_the_same_types_whatever_the_rows_hold(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    write_table(ROWS, tmp_path / "t.parquet", TableFormat.PARQUET)
    write_table(ROWS[:1], tmp_path / "one.parquet", TableFormat.PARQUET)
    whole, one = parquet.read_table(tmp_path / "t.parquet"), parquet.read_table(tmp_path / "one.parquet")
    assert whole.to_pylist()[0] == {**ROWS[0], "wr:y": None}
    assert whole.schema.field("problem").type == one.schema.field("problem").type == "string"
    assert [str(whole.schema.field(name).type) for name in ("images", "wr:x", "cost_usd")] == [
        "int64",
        "double",
        "double",
    ]


@pytest.mark.parametrize("output", TableFormat)
def test_a_batch_without_studies_is_an_empty_table(tmp_path, output):
    if output is TableFormat.PARQUET:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    write_table([], tmp_path / "t", output)
    assert (tmp_path / "t").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["t"]


def test_parquet_without_its_package_names_the_extra(monkeypatch):
    monkeypatch.setattr(batch_table, "find_spec", lambda _: None)
    check_format(TableFormat.CSV)
    with pytest.raises(MissingExtra, match=r"pip install 'wetread\[parquet\]'"):
        check_format(TableFormat.PARQUET)
