"""Soft targets for a student from several networks: `python distil.py --nets a.pt b.pt c.pt --out soft.npz`.

Then `python train.py --teach soft.npz --out student.pt`. Training films only; validation and test are never
labelled here.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from films import evaluation_pixels, training_set
from network import load_net
from train import positive_weights, predict


def main() -> None:
    """Average the networks' logits over clean and mirrored films and undo the weight of positives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--nets", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(2)
    cv2.setNumThreads(0)
    films = training_set(args.data)
    pictures = [evaluation_pixels(args.data / "cxr" / name) for name in films.files]
    logits: NDArray[np.float64] = np.mean([predict(load_net(path), pictures) for path in args.nets], axis=0)
    # The loss multiplied positives by w, which lifts every logit by log w.
    logits = logits - np.log(positive_weights(films).double().numpy())
    np.savez(args.out, files=np.array(films.files), probabilities=1 / (1 + np.exp(-logits)))


if __name__ == "__main__":
    main()
