"""Has something moved since things were good? Charts against a baseline, with limits, alarms and a memory."""

from wetread.evaluate.drift.answers import Told
from wetread.evaluate.drift.baseline import (
    Baseline,
    Memory,
    Window,
    baseline_json,
    baseline_of,
    memory_json,
    parse_baseline,
    parse_memory,
)
from wetread.evaluate.drift.look import Look, look
from wetread.evaluate.drift.measure import Alarm, DriftKind, Level, Measure
from wetread.evaluate.drift.pictures import descriptor
from wetread.evaluate.drift.policy import DriftPolicy, drift_policy

__all__ = [
    "Alarm",
    "Baseline",
    "DriftKind",
    "DriftPolicy",
    "Level",
    "Look",
    "Measure",
    "Memory",
    "Told",
    "Window",
    "baseline_json",
    "baseline_of",
    "descriptor",
    "drift_policy",
    "look",
    "memory_json",
    "parse_baseline",
    "parse_memory",
]
