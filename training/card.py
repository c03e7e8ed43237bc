"""Write the shipped folder: reader.onnx, card.toml and MODEL_CARD.md, each replaced in one step."""

import argparse
import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from model_card import model_card
from network import EDGE_PX, FINDINGS

PUBLIC = {"Effusion": "Pleural Effusion"}  # vocab/findings.csv, column public_label
CODES = {
    "Atelectasis": "wr:atelectasis-subsegmental", "Cardiomegaly": "wr:cardiomegaly", "Effusion": "wr:pleural-effusion",
    "Infiltration": "wr:infiltrate", "Mass": "wr:pulmonary-mass", "Nodule": "wr:pulmonary-nodule",
    "Pneumonia": "wr:pneumonia", "Pneumothorax": "wr:pneumothorax", "Consolidation": "wr:consolidation",
    "Edema": "wr:pulmonary-oedema", "Emphysema": "wr:emphysema", "Fibrosis": "wr:fibrosis",
    "Pleural_Thickening": "wr:pleural-thickening", "Hernia": "wr:hernia-unspecified-on-chest-radiograph",
}  # fmt: skip
MIN_AGE_YEARS = 10  # younger patients are 21 of 3,317 NIH films: too few to learn or to judge from
ADULT_AGE_YEARS = 18


def inline(table: dict[str, Any]) -> str:
    """A TOML inline table of strings and numbers."""
    return "{" + ", ".join(f"{k} = {json.dumps(v)}" for k, v in table.items()) + "}"


def head(sha256: str, version: str, gate_threshold: float) -> str:
    """The card's fixed tables."""
    return f"""schema = "wetread.reader-card/1"
name = "chest-frontal"
version = "{version}"
title = "Upright frontal chest radiograph, adults: 14 findings and any finding"
licence = "Apache-2.0"

[weights]
file = "reader.onnx"
sha256 = "{sha256}"

[input]
tensor = "pixels"
edge_px = {EDGE_PX}
channels = 1
range = [0.0, 255.0]
fit = "pad"

[outputs]
scores = "logits"
form = "logit"
activation = "activation"
gate = "gate"
gate_threshold = {gate_threshold}

[examination]
modalities = ["CR", "DX"]
body_parts = ["CHEST", "THORAX"]
projections = ["PA", "AP"]
min_age_years = {MIN_AGE_YEARS}
adult_age_years = {ADULT_AGE_YEARS}
looks_like = "an upright frontal chest film"
min_edge_px = 128
"""


def card(sha256: str, calibration: dict[str, Any], figures: dict[str, Any] | None, options: argparse.Namespace) -> str:
    """The whole card as TOML."""
    scores = calibration["scores"]
    parts = [head(sha256, options.version, options.gate_threshold)]
    whole = scores[len(FINDINGS)]
    parts.append(
        f"[abnormal]\nindex = {len(FINDINGS)}\npresent_at = {whole['present_at']}\n"
        f"calibrator = {inline(whole['calibrator'])}\n"
    )
    for index, name in enumerate(FINDINGS):
        one = scores[index]
        parts.append(
            f'[[findings]]\nindex = {index}\ncode = "{CODES[name]}"\npublic_label = "{PUBLIC.get(name, name)}"\n'
            f"present_at = {one['present_at']}\nuncertain_at = {one['uncertain_at']}\n"
            f"calibrator = {inline(one['calibrator'])}\ncalibration_positives = {one['positives']}\n"
            f"unproven = {str(one['unproven']).lower()}\n"
        )
    parts.append(
        f'[training]\nnetworks = {options.networks}\nbackbone = "EfficientNet-Lite0, ImageNet"\n'
        f'separate_test = "nih_clean test"\n'
        f"calibration_films = {calibration['films']}\ncalibration_films_nih_clean = {calibration['clean_films']}\n"
        f"prevalence_films = {calibration['prevalence_films']}\n"
    )
    if figures:
        parts.append(figure_tables(figures))
    return "\n".join(parts)


def figure_tables(figures: dict[str, Any]) -> str:
    """AUROC with intervals, ours and the reference's."""
    lines = [
        f'[figures]\ncollection = "nih_clean test"\nfilms = {figures["films"]}\npatients = {figures["patients"]}\n'
        f"bootstrap_draws = {figures['draws']}\nseed = {figures['seed']}\n"
    ]
    for name, row in figures["auroc"].items():
        for side in ("ours", "reference"):
            if row[side]["auroc"] is not None:
                low, high = row[side]["interval"]
                lines.append(
                    f'[figures.auroc."{name}".{side}]\nvalue = {row[side]["auroc"]:.4f}\n'
                    f"interval = [{low:.4f}, {high:.4f}]\n"
                )
    return "\n".join(lines)


def place(text: str | Path, target: Path) -> None:
    """Write beside the target, then rename over it."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as handle:
        new = Path(handle.name)
    if isinstance(text, Path):
        shutil.copyfile(text, new)
    else:
        new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    new.replace(target)


def main() -> None:
    """Assemble and place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, required=True)
    parser.add_argument("--score", type=Path, help="what score.py wrote; without it the card states no figures")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--gate-threshold", type=float, default=0.0)
    parser.add_argument("--networks", type=int, required=True, help="how many networks the file averages")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    calibration = json.loads(options.calibration.read_text())
    figures = json.loads(options.score.read_text()) if options.score else None
    sha256 = hashlib.sha256(options.onnx.read_bytes()).hexdigest()
    if figures and figures["onnx_sha256"] != sha256:
        raise SystemExit(f"{options.score.name} was measured on another file than {options.onnx.name}; score again")
    options.out.mkdir(parents=True, exist_ok=True)
    place(options.onnx, options.out / "reader.onnx")
    place(card(sha256, calibration, figures, options), options.out / "card.toml")
    place(model_card(calibration, figures, options.networks), options.out / "MODEL_CARD.md")
    print(f"placed {sha256[:12]} in {options.out.name}")


if __name__ == "__main__":
    main()
