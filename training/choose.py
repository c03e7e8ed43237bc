"""Compare candidate exports on validation films: `python choose.py a.onnx b.onnx`. The test is never touched here."""

import argparse
import time
from pathlib import Path

import numpy as np

from calibrate import answers
from export import session
from films import evaluation_pixels, mined, rows
from metrics import auroc, mean_auroc_of


def main() -> None:
    """One line a candidate: scores on clean and on all validation films, the fastest of many runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("candidates", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    args = parser.parse_args()
    films = [r for r in rows(args.data) if r["split"] == "val"]
    truth = np.stack([mined(r) for r in films]).astype(float)
    clean = np.array([r["collection"] == "nih_clean" for r in films])
    pictures = [evaluation_pixels(args.data / "cxr" / r["file"]) for r in films]
    for path in args.candidates:
        logits, gates = answers(path, pictures)
        run, times = session(path), []
        for picture in pictures[:40]:
            start = time.perf_counter()
            run.run(None, {"pixels": picture.astype(np.float32)[None, None]})
            times.append(time.perf_counter() - start)
        print(
            f"{path.stem}: clean any {auroc(truth[clean, 14], logits[clean, 14]):.3f}"
            f" mean {mean_auroc_of(truth[clean, :14], logits[clean, :14], at_least=4):.3f}"
            f" | all any {auroc(truth[:, 14], logits[:, 14]):.3f}"
            f" mean {mean_auroc_of(truth[:, :14], logits[:, :14], at_least=5):.3f}"
            f" | gate {np.mean(gates >= 0):.3f} | {min(times) * 1e3:.1f} ms {path.stat().st_size / 1e6:.1f} MB"
        )


if __name__ == "__main__":
    main()
