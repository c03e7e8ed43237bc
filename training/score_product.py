"""The shipped reader through the product's own path, beside the reference network on the same films.

`python training/score_product.py [--data ../shared/data] [--json FILE]`: AUROC on nih_clean test for any finding and
the mean over findings with at least ten positives, 95 % intervals over resampled patients, and the gate's decisions.
Needs no torch: what is scored is what users run.
"""

import argparse
import asyncio
import csv
import json
from pathlib import Path

import numpy as np

from metrics import auroc, bootstrap, interval
from wetread.domain.order import Order
from wetread.domain.read import Read, ReadRequest
from wetread.domain.study import Instance, InstanceKind
from wetread.errors import ReaderRefused
from wetread.imaging import prepare_instance
from wetread.readers import OnnxReader, embedded_reader

DRAWS, SEED = 2000, 20240501


def table(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows."""
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def read(reader: OnnxReader, path: Path) -> Read | None:
    """The reader's answer to a picture declared as a frontal chest film; None where it turns it away."""
    instance = Instance(
        file=path.name, path=path, sha256="0" * 64, size_bytes=path.stat().st_size, kind=InstanceKind.PICTURE,
        modality="DX", body_part="CHEST", projection="PA",
    )  # fmt: skip
    views = prepare_instance(instance, reader.plan).views
    try:
        return asyncio.run(reader.read(ReadRequest(study_ref="st-score", views=views, order=Order())))
    except ReaderRefused:
        return None


def measured(truth: np.ndarray, scores: np.ndarray, patients: list[str]) -> dict[str, object]:
    """Any finding (last column) and the mean over the others, each with its interval."""

    def any_finding(pick: np.ndarray) -> float:
        return auroc(truth[pick, -1], scores[pick, -1])

    enough = [c for c in range(truth.shape[1] - 1) if truth[:, c].sum() >= 10]

    def mean(pick: np.ndarray) -> float:
        return float(np.nanmean([auroc(truth[pick, c], scores[pick, c]) for c in enough]))

    every = np.arange(len(truth))
    return {
        name: {"auroc": measure(every), "interval": interval(bootstrap(measure, patients, draws=DRAWS, seed=SEED))}
        for name, measure in (("any finding", any_finding), (f"mean of {len(enough)}", mean))
    }


def main() -> None:
    """Score, print, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    if not args.data.is_dir():
        raise SystemExit(f"{args.data} is not here; name the folder with --data")
    opinions = {row["file"]: row for row in table(args.data / "cxr" / "reference_densenet121_preds.csv")}
    names = [key.removeprefix("prob_") for key in next(iter(opinions.values())) if key.startswith("prob_")]
    films = [
        r for r in table(args.data / "cxr" / "labels.csv") if r["collection"] == "nih_clean" and r["split"] == "test"
    ]
    reader = embedded_reader()
    answers = [read(reader, args.data / "cxr" / row["file"]) for row in films]
    scored = [(row, answer) for row, answer in zip(films, answers, strict=True) if answer and row["file"] in opinions]
    truth = np.array([[*(n in r["labels"].split("|") for n in names), r["abnormal"] == "1"] for r, _ in scored], float)
    ours = np.array([[*(f.probability for f in a.findings), a.abnormal_probability] for _, a in scored], float)
    theirs = np.array([[float(opinions[r["file"]][f"prob_{n}"]) for n in names] for r, _ in scored])
    theirs = np.column_stack([theirs, 1 - np.prod(1 - theirs, axis=1)])
    patients = [r["patient_id"] for r, _ in scored]
    found = {"reader": measured(truth, ours, patients), "reference": measured(truth, theirs, patients)}
    print(f"nih_clean test: {len(films)} films, {len(scored)} read, {len(films) - sum(map(bool, answers))} turned away")
    print(f"patient bootstrap, {DRAWS} draws, seed {SEED}; 95 % intervals")
    for name in found["reader"]:
        for who, scores in found.items():
            low, high = scores[name]["interval"]
            print(f"{name:14} {who:10} {scores[name]['auroc']:.3f} [{low:.3f}, {high:.3f}]")
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
