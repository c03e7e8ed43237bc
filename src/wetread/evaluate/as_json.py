"""metrics.json: plain numbers where one number is asked for, their intervals beside them."""

import json
from dataclasses import asdict
from typing import Any

from wetread.evaluate.frontier_figures import Frontier
from wetread.evaluate.metrics import SCHEMA, FindingFigures, Metrics, ReaderFigures
from wetread.evaluate.queue import as_plain
from wetread.evaluate.reports.told import reports_json
from wetread.evaluate.statistics import Interval

INTERVALS = ("auprc", "brier", "sensitivity", "specificity", "ppv", "flag_rate")


def as_json(metrics: Metrics) -> str:
    """The file's text; NaN can't occur."""
    told = {
        "schema": SCHEMA,
        "manifest": dict(metrics.manifest),
        "data": dict(metrics.data),
        "remarks": list(metrics.remarks),
        "readers": [_reader(reader) for reader in metrics.readers],
        "shortcuts": [asdict(row) for row in metrics.shortcuts],
        "frontier": _frontier(metrics.frontier),
        "reports": reports_json(metrics.reports),
        "published": [asdict(row) for row in metrics.published],
        "comparisons": [asdict(row) for row in metrics.comparisons],
    }
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _reader(reader: ReaderFigures) -> dict[str, Any]:
    return {
        **{name: getattr(reader, name) for name in ("name", "version", "fingerprint", "model_id")},
        **{name: getattr(reader, name) for name in ("n", "n_read", "n_abstained", "n_failed")},
        "findings": [_finding(one) for one in reader.findings],
        "any_finding": _finding(reader.any_finding),
        "macro_f1": asdict(reader.macro_f1),
        "urgency": asdict(reader.urgency),
        "cost": asdict(reader.cost),
        "latency_ms": asdict(reader.latency_ms),
        "controls": [
            {"disturbance": one.disturbance, "n_read": one.n_read, "any_finding": _finding(one.any_finding)}
            for one in reader.controls
        ],
        "answering": None if reader.answering is None else asdict(reader.answering),
        "stress": [asdict(one) for one in reader.stress],
        "localisation": [asdict(one) for one in reader.localisation],
        "degenerate": [asdict(one) for one in reader.degenerate],
        "subgroups": [asdict(one) for one in reader.subgroups],
        "queue": None if reader.queue is None else as_plain(reader.queue),
    }


def _frontier(told: Frontier | None) -> list[dict[str, Any]]:
    """A row a way to read, each with what all of them share."""
    if told is None:
        return []
    shared = {"best": told.best, "chosen_on": told.chosen_on}
    return [asdict(point) | shared for point in told.points]


def _finding(one: FindingFigures) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in ("code", "label", "n", "n_pos")},
        "auroc": asdict(one.auroc),
        **{name: getattr(one, name).value for name in INTERVALS},
        **{name: getattr(one, name) for name in ("ece_raw", "ece_calibrated", "threshold", "calibration", "why")},
        "intervals": {name: _bounds(getattr(one, name)) for name in INTERVALS},
    }


def _bounds(interval: Interval) -> dict[str, Any]:
    return {"low": interval.low, "high": interval.high, "n": interval.n}
