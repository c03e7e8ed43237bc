"""Measure everything and print the table: `python benchmarks/run.py [--json FILE]`."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import decoding, embedded_read, kernel, paths, queue_order, receive, stow, vision_calls
from benchmarks.ratio import Ratio

PARTS: dict[str, Callable[[], list[Ratio]]] = {
    "kernel": kernel.ratios,
    "decoding": decoding.ratios,
    "paths": paths.ratios,
    "embedded read": embedded_read.ratios,
    "vision calls": vision_calls.ratios,
    "worklist order": queue_order.ratios,
    "receive": receive.ratios,
    "stow": stow.ratios,
}


def table(found: list[Ratio]) -> str:
    """The ratios as text, one a line."""
    lines = [f"{'what':38} {'ratio':>8} {'target':>7}  met  of what"]
    for r in found:
        target = "" if r.target is None else f"{r.target:g}"
        met = {True: "yes", False: "NO", None: ""}[r.met]
        lines.append(f"{r.name:38} {r.value:8.2f} {target:>7}  {met:3}  {r.unit}  ({r.detail})")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen parts, print the table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the ratios to this file too")
    parser.add_argument("--only", choices=sorted(PARTS), action="append", help="measure this part alone")
    chosen = parser.parse_args(arguments)
    found = [ratio for part in chosen.only or PARTS for ratio in PARTS[part]()]
    print(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(r) for r in found], indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
