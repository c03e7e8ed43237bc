"""Train one network: `python train.py --seed 0 --out runs/a.pt` (add `--teach soft.npz` to distil)."""

import argparse
import copy
import math
import random
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from augment import augment
from films import TrainingSet, evaluation_pixels, load, mined, rows, training_set
from metrics import auroc, mean_auroc_of
from network import ChestNet, load_net, pretrained

BATCH = 24
FROZEN_LAYERS = 6  # stem and the first two stages: general edges, and half of the cost of a step


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--films-per-epoch", type=int, default=1600)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--teach", type=Path, help="npz of the ensemble's logits by file")
    parser.add_argument("--start", type=Path, help="begin from these weights instead of ImageNet's")
    parser.add_argument("--teach-weight", type=float, default=0.7)
    return parser.parse_args()


def apply_teacher(films: TrainingSet, path: Path, weight: float) -> TrainingSet:
    """Mix the ensemble's probabilities into the targets; where the label is unknown they stand alone."""
    taught = np.load(path)
    where = {name: index for index, name in enumerate(taught["files"])}
    soft = taught["probabilities"][[where[name] for name in films.files]].astype(np.float32)
    mixed = np.where(films.masks > 0, weight * soft + (1 - weight) * films.targets, soft)
    return TrainingSet(films.files, mixed, np.ones_like(films.masks), films.rsna, films.weights)


def positive_weights(films: TrainingSet) -> Tensor:
    """How much more a positive counts, by finding, under the drawing weights."""
    drawn = films.weights[:, None] * films.masks
    share = (drawn * films.targets).sum(0) / (drawn.sum(0) + 1e-9)
    return torch.tensor(np.clip((1 - share) / (share + 1e-3), 0.3, 8), dtype=torch.float32)


def loss_of(net: ChestNet, batch: tuple[Tensor, Tensor, Tensor, Tensor], weights: Tensor) -> Tensor:
    """Masked binary cross-entropy with label smoothing, plus the radiologists' three classes."""
    pixels, targets, masks, judged = batch
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits, rsna = net(pixels)
    each = functional.binary_cross_entropy_with_logits(
        logits.float(), targets * 0.96 + 0.02, reduction="none", pos_weight=weights
    )
    each[:, -1] *= 3
    findings = (each * masks).sum() / masks.sum()
    known = judged >= 0
    if not known.any():
        return findings
    return findings + 0.3 * functional.cross_entropy(rsna.float()[known], judged[known])


def follow(average: ChestNet, net: ChestNet, decay: float) -> None:
    """Exponential moving average of all weights and running statistics."""
    with torch.no_grad():
        for ours, theirs in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
            if ours.dtype.is_floating_point:
                ours.mul_(decay).add_(theirs, alpha=1 - decay)
            else:
                ours.copy_(theirs)


@torch.inference_mode()
def predict(net: ChestNet, pictures: list[NDArray[np.uint8]], *, flip: bool = True) -> NDArray[np.float64]:
    """Logits, averaged with the mirrored film. (films, 15)."""
    net.eval()
    out = []
    for start in range(0, len(pictures), 32):
        pixels = torch.from_numpy(np.stack(pictures[start : start + 32])).float()[:, None]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = net(pixels)[0].float()
            if flip:
                logits = (logits + net(pixels.flip(3))[0].float()) / 2
        out.append(logits.double().numpy())
    return np.concatenate(out)


class Validation:
    """The validation films, scored the same way each time."""

    def __init__(self, data: Path) -> None:
        films = [row for row in rows(data) if row["split"] == "val"]
        self.pictures = [evaluation_pixels(data / "cxr" / row["file"]) for row in films]
        self.truth = np.stack([mined(row) for row in films]).astype(np.float64)
        self.clean = np.array([row["collection"] == "nih_clean" for row in films])

    def line(self, net: ChestNet) -> str:
        """One line of scores: clean films, then all."""
        scores = predict(net, self.pictures)
        part = self.clean
        return (
            f"clean any {auroc(self.truth[part, 14], scores[part, 14]):.3f}"
            f" mean {mean_auroc_of(self.truth[part, :14], scores[part, :14], at_least=4):.3f}"
            f" | all any {auroc(self.truth[:, 14], scores[:, 14]):.3f}"
            f" mean {mean_auroc_of(self.truth[:, :14], scores[:, :14], at_least=5):.3f}"
        )


def batches(films: TrainingSet, store: list[NDArray[np.uint8]], rng: random.Random, count: int):  # noqa: ANN201 - a generator of tensors
    """Augmented batches of one epoch, drawn by weight."""
    drawn = rng.choices(range(len(films.files)), weights=list(films.weights), k=count)
    for start in range(0, count - BATCH + 1, BATCH):
        part = drawn[start : start + BATCH]
        pixels = torch.from_numpy(np.stack([augment(store[i], rng) for i in part]).astype(np.float32))[:, None]
        yield pixels, *(torch.from_numpy(a[part]) for a in (films.targets, films.masks, films.rsna))


def optimiser(net: ChestNet, rate: float, steps: int):  # noqa: ANN201 - the pair is only used below
    """AdamW with one cycle; the new heads learn faster than the pretrained body."""
    for layer in list(net.features)[:FROZEN_LAYERS]:
        layer.requires_grad_(requires_grad=False)
    body = [p for p in net.features.parameters() if p.requires_grad]
    heads = [*net.head.parameters(), *net.rsna.parameters()]
    chosen = torch.optim.AdamW([{"params": body, "lr": rate}, {"params": heads, "lr": rate * 4}], weight_decay=0.03)
    return chosen, torch.optim.lr_scheduler.OneCycleLR(chosen, [rate, rate * 4], total_steps=steps, pct_start=0.15)


def main() -> None:
    """Train, print a line an epoch, keep the averaged weights."""
    args = arguments()
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    cv2.setNumThreads(0)
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    films = training_set(args.data)
    if args.teach:
        films = apply_teacher(films, args.teach, args.teach_weight)
    store = [load(args.data / "cxr" / name) for name in films.files]
    validation = Validation(args.data)
    net = (load_net(args.start) if args.start else pretrained()).to(memory_format=torch.channels_last)
    average = copy.deepcopy(net)
    steps = args.epochs * (args.films_per_epoch // BATCH)
    chosen, schedule = optimiser(net, args.rate, steps)
    weights, step, began = positive_weights(films), 0, time.monotonic()
    for epoch in range(args.epochs):
        net.train()
        total = 0.0
        for batch in batches(films, store, rng, args.films_per_epoch):
            loss = loss_of(net, batch, weights)
            chosen.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            chosen.step()
            schedule.step()
            step += 1
            total += loss.item()
            follow(average, net, min(0.99, (1 + step) / (20 + step)))
        mean_loss = total / math.floor(args.films_per_epoch / BATCH)
        scored = validation.line(average) if epoch % 2 or epoch == args.epochs - 1 else ""
        print(f"epoch {epoch} loss {mean_loss:.4f} {time.monotonic() - began:.0f}s {scored}", flush=True)
        torch.save(average.state_dict(), args.out)


if __name__ == "__main__":
    main()
