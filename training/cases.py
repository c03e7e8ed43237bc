"""Write a collection of the data folder as a case file for `wetread evaluate`."""

import argparse
import csv
import json
from pathlib import Path

LICENCE = "free use; credit NIH Clinical Center, cite Wang X et al., CVPR 2017"
MINED = "mined from reports by rules; a radiologist's class where known"
ABOUT = {
    "nih_clean": {
        "source": "NIH ChestX-ray14, one film a patient",
        "licence": LICENCE,
        "labels": MINED,
        "overlap": "the embedded reader and the reference were trained on films of the same collection; "
        "no test patient was shown to the embedded reader; its network and calibrators were chosen on calib",
    },
    "nih_darkcovid": {
        "source": "NIH ChestX-ray14, 500 'no finding' and 500 'pneumonia' as put together for DarkCovidNet",
        "licence": LICENCE,
        "labels": MINED,
        "overlap": "the embedded reader was trained on its train split",
    },
}
COLUMNS = ("file", "patient_id", "labels", "split", "age", "sex", "view", "modality")
PREDICTIONS = "reference_densenet121_preds.csv"


def rows(data: Path, collection: str) -> list[dict[str, str]]:
    """The films of one collection; `labels` is empty where nothing was found."""
    with (data / "cxr" / "labels.csv").open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file) if row["collection"] == collection]
    if not found:
        raise SystemExit(f"{collection}: no such collection in {data / 'cxr' / 'labels.csv'}")
    return [
        {
            "file": row["file"],
            "patient_id": row["patient_id"],
            "labels": "" if row["abnormal"] == "0" else row["labels"],
            "split": {"val": "calib"}.get(row["split"], row["split"]),
            "age": row["age"],
            "sex": row["sex"],
            "view": row["view"],
            "modality": "DX",
        }
        for row in found
    ]


def main() -> None:
    """One case file."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("collection", help="nih_clean, nih_darkcovid, kermany, ...")
    asked.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked.add_argument("--out", type=Path, required=True)
    told = asked.parse_args()
    told.out.parent.mkdir(parents=True, exist_ok=True)
    with told.out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows(told.data, told.collection))
    if told.collection in ABOUT:
        lines = [f"{name} = {json.dumps(text)}\n" for name, text in ABOUT[told.collection].items()]
        told.out.with_suffix(".about.toml").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
