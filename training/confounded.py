"""A published setting tried again: two classes that came different ways, and which part of a picture a network needs.

The setting is that of Ozturk T et al., Comput Biol Med 2020; 121: 103792 (DarkCovidNet): "no finding" against
"pneumonia", five folds drawn from the pictures. Each network sees the whole picture, its border alone or its middle
alone. Where the border is enough, the classes differ in how they were collected.
"""

import argparse
import random
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cases import rows
from metrics import auroc

EDGE, RING, FOLDS, BATCH, RATE = 96, 14, 5, 32, 3e-3
SHOWN = ("whole", "border", "middle")
Floats = NDArray[np.float32]


def pictures(data: Path, collection: str) -> tuple[Floats, Floats, list[str]]:
    """Pictures (n, EDGE, EDGE) from 0 to 1, whether anything is there, and whose they are."""
    films = rows(data, collection)
    read = [cv2.imread(str(data / "cxr" / film["file"]), cv2.IMREAD_GRAYSCALE) for film in films]
    small = [cv2.resize(one, (EDGE, EDGE), interpolation=cv2.INTER_AREA) for one in read]
    found = np.array([bool(film["labels"]) for film in films], dtype=np.float32)
    return np.stack(small).astype(np.float32) / 255, found, [film["patient_id"] for film in films]


def show(films: Floats, what: str) -> Floats:
    """The part of each picture that a network may see; the rest is grey."""
    inside = np.zeros((EDGE, EDGE), dtype=bool)
    inside[RING:-RING, RING:-RING] = True
    hidden = {"whole": np.zeros_like(inside), "border": inside, "middle": ~inside}[what]
    return np.where(hidden, np.float32(0.5), films)


def network() -> nn.Module:
    """Darknet's pattern, made small: convolution, batch normalisation, leaky step, pooling."""
    layers: list[nn.Module] = []
    channels = 1
    for wider in (8, 16, 32, 64):
        layers += [nn.Conv2d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm2d(wider), nn.LeakyReLU(0.1)]
        layers += [nn.MaxPool2d(2)]
        channels = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1))


def folds(patients: list[str], *, by_patient: bool, seed: int) -> NDArray[np.int64]:
    """The fold of each picture; in the published setting a patient may be in several."""
    names = np.unique(patients, return_inverse=True)[1] if by_patient else np.arange(len(patients))
    return np.random.default_rng(seed).permutation(names.max() + 1)[names] % FOLDS


def trained(films: Tensor, found: Tensor, epochs: int) -> nn.Module:
    """A network that saw these pictures."""
    net = network()
    steps = epochs * (len(films) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    loss = nn.BCEWithLogitsLoss(pos_weight=(1 - found).sum() / found.sum())
    for _ in range(epochs):
        order = torch.randperm(len(films))
        for batch in order[: len(films) // BATCH * BATCH].view(-1, BATCH):
            seen = films[batch]
            if random.random() < 0.5:
                seen = seen.flip(-1)
            optimizer.zero_grad()
            loss(net(seen[:, None]).squeeze(1), found[batch]).backward()
            optimizer.step()
            schedule.step()
    return net.eval()


def tried(films: Floats, found: Floats, fold: NDArray[np.int64], epochs: int) -> Floats:
    """The probability of each picture, from the network that did not see it."""
    told = np.zeros(len(films), dtype=np.float32)
    for one in range(FOLDS):
        rest, here = fold != one, fold == one
        net = trained(torch.from_numpy(films[rest]), torch.from_numpy(found[rest]), epochs)
        with torch.no_grad():
            told[here] = torch.sigmoid(net(torch.from_numpy(films[here])[:, None])).squeeze(1).numpy()
    return told


def main() -> None:
    """One line a collection, a way of splitting and a part of the picture."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("collections", nargs="*", default=["nih_darkcovid", "nih_clean"])
    asked.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--epochs", type=int, default=12)
    given = asked.parse_args()
    random.seed(given.seed)
    torch.manual_seed(given.seed)
    print(
        f"seed {given.seed}, {given.epochs} epochs, {FOLDS} folds; the border is {RING} of {EDGE} pixels on each side"
    )
    for collection in given.collections:
        films, found, patients = pictures(given.data, collection)
        for by_patient in (False, True):
            fold = folds(patients, by_patient=by_patient, seed=given.seed)
            for what in SHOWN:
                told = tried(show(films, what), found, fold, given.epochs)
                half = ((told > 0.5) == found)[found > 0].mean() / 2 + ((told > 0.5) == found)[found == 0].mean() / 2
                split = "by patient" if by_patient else "by picture"
                print(
                    f"{collection:14} {split}  {what:7} n {len(found)}, {int(found.sum())} positive: "
                    f"AUROC {auroc(found, told):.3f}, balanced accuracy {half:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
