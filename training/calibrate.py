"""Fit calibrators and operating points on held-out films.

`python calibrate.py --onnx reader.onnx --out calibration.json`
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize

from export import session
from films import Row, evaluation_pixels, mined, rows
from metrics import auroc, bootstrap, calibration_error, interval
from network import FINDINGS

Array = NDArray[np.float64]
TEMPERATURE_FROM, PLATT_FROM = 20, 50  # positives; design/CLINICAL.md section 8. Isotonic (200) is never reached here
SPECIFICITY = {"Pneumothorax": 0.98}
OTHER_SPECIFICITY = 0.95
FLAG_CAP = {"Pneumothorax": 0.12}
OTHER_FLAG_CAP = 0.15
SENSITIVITY = 0.90
UNPROVEN_FLAG_CAP = 0.05  # a finding that held-out films can't tell from chance is never "present", seldom "uncertain"
NEVER = 1.0
DRAWS, SEED = 1000, 20240501


def answers(path: Path, pictures: list[NDArray[np.uint8]]) -> tuple[Array, Array]:
    """Raw logits (n, 15) and gate logits (n,) through the file that ships, one picture at a time."""
    run = session(path)
    parts = [run.run(["logits", "gate"], {"pixels": p.astype(np.float32)[None, None]}) for p in pictures]
    return np.concatenate([p[0] for p in parts]).astype(float), np.array([float(p[1][0, 0]) for p in parts])


def calibration_rows(data: Path) -> list[Row]:
    """Films that trained nothing and are not in the reported test: all of val, and the enriched sources' test part."""
    return [r for r in rows(data) if r["split"] == "val" or (r["split"] == "test" and r["collection"] != "nih_clean")]


def slopes(logits: Array, truth: Array, clean: NDArray[np.bool_]) -> Array:
    """One shared slope for the columns given; each column has its own level, and another in enriched sources."""
    columns = logits.shape[1]

    def cost(free: Array) -> float:
        level = free[1 : 1 + columns] + (~clean[:, None]) * free[1 + columns :]
        x = np.exp(free[0]) * logits + level
        return float((np.logaddexp(0, x) - truth * x).sum() + 2 * free[0] ** 2 + 0.02 * (free[1:] ** 2).sum())

    found = minimize(cost, np.zeros(1 + 2 * columns), method="L-BFGS-B")
    return np.full(columns, np.clip(np.exp(found.x[0]), 0.2, 3.0))


def level(logits: Array, slope: float, prevalence: float) -> float:
    """The offset that makes the mean probability equal the prevalence."""
    return float(brentq(lambda b: (1 / (1 + np.exp(-(slope * logits + b)))).mean() - prevalence, -40, 40))


def calibrator(name: str, kind: str, slope: float, offset: float) -> dict[str, Any]:
    """The card's form of sigmoid(slope * logit + offset)."""
    label = name.lower().replace("_", "-").replace(" ", "-")
    shared = "pooled/" if kind == "pooled" else ""  # the product shows no percentage behind a pooled calibrator
    head = {"kind": kind, "id": f"chest-frontal/{shared}{label}/1"}
    if kind == "platt":
        return {**head, "slope": round(slope, 5), "intercept": round(offset, 5)}
    return {**head, "temperature": round(1 / slope, 5), "offset": round(offset, 5)}


def thresholds(name: str, p: Array, truth: Array, clean: NDArray[np.bool_]) -> tuple[float, float]:
    """Present: the stricter of two specificity points (all rows, clean ones); uncertain: 90 % sensitivity, capped."""
    wanted = SPECIFICITY.get(name, OTHER_SPECIFICITY)
    negative = truth == 0
    present = max(np.quantile(p[negative], wanted), np.quantile(p[negative & clean], wanted))
    cap = np.quantile(p[clean], 1 - FLAG_CAP.get(name, OTHER_FLAG_CAP))
    sensitive = np.quantile(p[truth == 1], 1 - SENSITIVITY) if truth.sum() >= 5 else cap
    uncertain = max(sensitive, cap)
    return float(present), float(min(uncertain, present * 0.98))


def unproven(logits: Array, truth: Array, patients: list[str]) -> bool:
    """True where the interval of the held-out AUROC reaches down to chance."""
    draws = bootstrap(lambda pick: auroc(truth[pick], logits[pick]), patients, draws=DRAWS, seed=SEED)
    return interval(draws)[0] <= 0.5


def any_threshold(p: Array, truth: Array) -> float:
    """Youden's point."""
    points = np.unique(p)
    gain = [(p[truth == 1] >= t).mean() - (p[truth == 0] >= t).mean() for t in points]
    return float(points[int(np.argmax(gain))])


def fit(
    logits: Array, truth: Array, clean: NDArray[np.bool_], prevalence: Array, patients: list[str]
) -> list[dict[str, Any]]:
    """A calibrator and thresholds for each of the 15 scores."""
    positives = truth.sum(0).astype(int)
    rare = [i for i in range(15) if positives[i] < TEMPERATURE_FROM]
    slope = np.array([slopes(logits[:, [i]], truth[:, [i]], clean)[0] for i in range(15)])
    slope[rare] = slopes(logits[:, rare], truth[:, rare], clean)
    fitted = []
    for i, name in enumerate([*FINDINGS, "any finding"]):
        kind = "pooled" if i in rare else "temperature" if positives[i] < PLATT_FROM else "platt"
        offset = level(logits[clean, i], slope[i], prevalence[i])
        p = 1 / (1 + np.exp(-(slope[i] * logits[:, i] + offset)))
        raw = 1 / (1 + np.exp(-logits[:, i]))
        if i == len(FINDINGS):
            present = uncertain = any_threshold(p[clean], truth[clean, i])
        else:
            present, uncertain = thresholds(name, p, truth[:, i], clean)
        doubtful = i < len(FINDINGS) and unproven(logits[:, i], truth[:, i], patients)
        if doubtful:
            present, uncertain = NEVER, float(np.quantile(p[clean], 1 - UNPROVEN_FLAG_CAP))
        q, t = p[clean], truth[clean, i]
        fitted.append({
            "name": name, "positives": int(positives[i]), "clean_positives": int(t.sum()),
            "calibrator": calibrator(name, kind, slope[i], offset),
            "present_at": round(present, 4), "uncertain_at": round(uncertain, 4), "unproven": bool(doubtful),
            "flag_present": round(float((q >= present).mean()), 4),
            "flag_uncertain": round(float((q >= uncertain).mean()), 4),
            "val_ece_raw": round(calibration_error(t, raw[clean]), 4), "val_ece": round(calibration_error(t, q), 4),
        })  # fmt: skip
    return fitted


def main() -> None:
    """Fit, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    films = calibration_rows(args.data)
    truth = np.stack([mined(r) for r in films]).astype(float)
    clean = np.array([r["collection"] == "nih_clean" for r in films])
    logits, gates = answers(args.onnx, [evaluation_pixels(args.data / "cxr" / r["file"]) for r in films])
    known = [mined(r) for r in rows(args.data) if r["collection"] == "nih_clean" and r["split"] != "test"]
    fitted = fit(
        logits, truth, clean, (np.mean(known, 0) * len(known) + 1) / (len(known) + 2), [r["patient_id"] for r in films]
    )
    args.out.write_text(json.dumps({
        "films": len(films), "clean_films": int(clean.sum()), "prevalence_films": len(known), "scores": fitted,
        "gate_accepted": float((gates >= 0).mean()),
    }, indent=1))  # fmt: skip
    for one in fitted:
        print(one.pop("name"), one.pop("calibrator")["kind"], *(f"{key} {value}" for key, value in one.items()))


if __name__ == "__main__":
    main()
