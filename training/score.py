"""Score the shipped file once on the nih_clean test films, beside the reference: `python score.py --onnx reader.onnx`.

Prints a table and writes JSON. The gate is judged on the third of data/other kept out of training.
"""

import argparse
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from calibrate import answers
from films import Row, evaluation_pixels, letterbox, mined, reference, rows
from metrics import auroc, bootstrap, calibration_error, interval, wilson
from negatives import read_others
from network import EDGE_PX, FINDINGS

Array = NDArray[np.float64]
DRAWS, SEED, FEW = 2000, 20240501, 10


def rated(truth: Array, score: Array, patients: list[str]) -> dict[str, Any]:
    """AUROC and its patient-bootstrap interval, or why there is none."""
    positives = int(truth.sum())
    if min(positives, len(truth) - positives) < FEW:
        return {"positives": positives, "n": len(truth), "auroc": None}
    values = bootstrap(lambda rows_: auroc(truth[rows_], score[rows_]), patients, draws=DRAWS, seed=SEED)
    return {"positives": positives, "n": len(truth), "auroc": auroc(truth, score), "interval": interval(values)}


def compared(truth: Array, ours: Array, theirs: Array, patients: list[str]) -> dict[str, Any]:
    """Every finding, any finding, and the mean over findings with ten positives; ours beside the reference."""
    table: dict[str, Any] = {}
    names = [*FINDINGS, "any finding"]
    for i, name in enumerate(names):
        table[name] = {
            side: rated(truth[:, i], s[:, i], patients) for side, s in (("ours", ours), ("reference", theirs))
        }
    shown = [i for i in range(len(FINDINGS)) if truth[:, i].sum() >= FEW]

    def mean(scores: Array, picked: NDArray[np.int64]) -> float:
        return float(np.nanmean([auroc(truth[picked, i], scores[picked, i]) for i in shown]))

    every = np.arange(len(truth))
    table["mean"] = {"findings": [names[i] for i in shown], "n": len(truth)}
    for side, scores in (("ours", ours), ("reference", theirs)):
        draws = bootstrap(lambda r, s=scores: mean(s, r), patients, draws=DRAWS, seed=SEED)
        table["mean"][side] = {"auroc": mean(scores, every), "interval": interval(draws)}
    for name, score in (("any finding", lambda s, r: auroc(truth[r, 14], s[r, 14])), ("mean", mean)):
        gap = bootstrap(lambda r, f=score: f(ours, r) - f(theirs, r), patients, draws=DRAWS, seed=SEED)
        table[name]["difference"] = interval(gap)
    return table


def probability(calibrator: dict[str, Any], logits: Array) -> Array:
    """The card's map from raw logit to probability."""
    if calibrator["kind"] == "platt":
        return 1 / (1 + np.exp(-(calibrator["slope"] * logits + calibrator["intercept"])))
    return 1 / (1 + np.exp(-(logits / calibrator["temperature"] + calibrator["offset"])))


def operated(truth: Array, logits: Array, fitted: list[dict[str, Any]]) -> dict[str, Any]:
    """Sensitivity, specificity and flag rates at the card's thresholds, and calibration raw to calibrated."""
    table = {}
    for i, one in enumerate(fitted):
        p, t = probability(one["calibrator"], logits[:, i]), truth[:, i]
        hit, wrong = int((p[t == 1] >= one["present_at"]).sum()), int((p[t == 0] >= one["present_at"]).sum())
        table[one["name"]] = {
            "positives": int(t.sum()), "hits": hit, "false": wrong, "negatives": int((t == 0).sum()),
            "sensitivity": wilson(hit, int(t.sum())),
            "specificity": wilson(int((t == 0).sum()) - wrong, int((t == 0).sum())),
            "flag_present": float((p >= one["present_at"]).mean()),
            "flag_uncertain": float((p >= one["uncertain_at"]).mean()),
            "ece_raw": calibration_error(t, 1 / (1 + np.exp(-logits[:, i]))), "ece": calibration_error(t, p),
        }  # fmt: skip
    return table


def subgroups(films: list[Row], truth: Array, ours: Array) -> dict[str, Any]:
    """Any-finding and mean AUROC by sex and by view."""
    table = {}
    for key, value in (("sex", "F"), ("sex", "M"), ("view", "PA"), ("view", "AP")):
        part = np.array([r[key] == value for r in films])
        people = [r["patient_id"] for r in films if r[key] == value]
        mine, theirs = ours[part], truth[part]
        shown = [i for i in range(14) if theirs[:, i].sum() >= FEW]
        entry: dict[str, Any] = {
            "n": int(part.sum()),
            "any": rated(theirs[:, 14], mine[:, 14], people),
            "findings": len(shown),
        }
        if shown:

            def mean(picked: NDArray[np.int64], t: Array = theirs, m: Array = mine, s: list[int] = shown) -> float:
                return float(np.nanmean([auroc(t[picked, i], m[picked, i]) for i in s]))

            draws = bootstrap(mean, people, draws=DRAWS, seed=SEED)
            entry["mean"] = {"auroc": mean(np.arange(len(theirs))), "interval": interval(draws)}
        table[f"{key} {value}"] = entry
    return table


def share(passed: NDArray[np.bool_]) -> dict[str, Any]:
    """A proportion with its Wilson interval."""
    return {"hits": int(passed.sum()), "n": len(passed), "interval": wilson(int(passed.sum()), len(passed))}


def gate_figures(path: Path, data: Path, threshold: float) -> dict[str, Any]:
    """Kept: NIH films of val and test. Turned away: the kept-out third of data/other, and spoiled NIH films."""
    films = [evaluation_pixels(data / "cxr" / r["file"]) for r in rows(data) if r["split"] in ("val", "test")]
    others = [o for o in read_others(data) if o.held_out]
    figures = {"NIH val and test films kept": share(answers(path, films)[1] >= threshold)}
    refused = answers(path, [letterbox(o.pixels, EDGE_PX) for o in others])[1] < threshold
    figures["kept-out third of data/other turned away"] = share(refused)
    missed = Counter(o.source for o, r in zip(others, refused, strict=True) if not r)
    figures["accepted by source"] = {
        f"{s} of {n}": missed.get(s, 0) for s, n in sorted(Counter(o.source for o in others).items())
    }
    spoiled = {
        "upside down": [np.rot90(f, 2) for f in films],
        "turned": [np.rot90(f) for f in films],
        "inverted": [255 - f for f in films],
    }
    for name, pictures in spoiled.items():
        figures[f"NIH films {name} turned away"] = share(answers(path, pictures)[1] < threshold)
    return figures


def show(result: dict[str, Any]) -> None:
    """The tables on the screen."""
    print(
        f"{result['films']} nih_clean test films, {result['patients']} patients; bootstrap {DRAWS} draws, seed {SEED}"
    )
    for name, row in result["auroc"].items():
        line = f"{name:20}"
        for side in ("ours", "reference"):
            one = row[side]
            if one["auroc"] is None:
                line += f" {side} n/a (too few: {one['positives']})"
            else:
                line += f" {side} {one['auroc']:.3f} [{one['interval'][0]:.3f}, {one['interval'][1]:.3f}]"
        print(line)
    for name, row in result["gate"].items():
        print(name, row)


def main() -> None:
    """Score, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--gate-threshold", type=float, default=0.0)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(0)
    films = [r for r in rows(args.data) if r["collection"] == "nih_clean" and r["split"] == "test"]
    truth = np.stack([mined(r) for r in films]).astype(float)
    people = [r["patient_id"] for r in films]
    opinions = reference(args.data)
    theirs = np.stack([np.append(opinions[r["file"]], 1 - np.prod(1 - opinions[r["file"]])) for r in films])
    ours = answers(args.onnx, [evaluation_pixels(args.data / "cxr" / r["file"]) for r in films])[0]
    fitted = json.loads(args.calibration.read_text())["scores"]
    result = {
        "films": len(films), "patients": len(set(people)), "draws": DRAWS, "seed": SEED,
        "onnx_sha256": hashlib.sha256(args.onnx.read_bytes()).hexdigest(),
        "auroc": compared(truth, ours, theirs, people), "operating": operated(truth, ours, fitted),
        "subgroups": subgroups(films, truth, ours), "gate": gate_figures(args.onnx, args.data, args.gate_threshold),
    }  # fmt: skip
    args.out.write_text(json.dumps(result, indent=1))
    show(result)


if __name__ == "__main__":
    main()
