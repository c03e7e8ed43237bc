"""Train the input gate on a trained network's features: `python gate.py --net runs/s1.pt --out runs/gate.pt`."""

import argparse
import random
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from augment import augment
from export import fused, session
from films import STORE_PX, Pixels, letterbox, load, rows
from negatives import Other, invent, read_objects, read_others, spoil
from network import EDGE_PX, ChestNet, Gate, load_net, standardise

Array = NDArray[np.float32]


class Eyes:
    """One network up to what the gate sees, through onnxruntime: several times faster than the training framework."""

    def __init__(self, net: ChestNet) -> None:
        net.features = fused(net.features)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "eyes.onnx"
            sample = torch.zeros(2, 1, EDGE_PX, EDGE_PX)
            sizes = {"pixels": {0: torch.export.Dim("N", min=1, max=64)}}
            torch.onnx.export(
                Seen(net), (sample,), str(path), dynamo=True, opset_version=18, external_data=False,
                input_names=["pixels"], output_names=["seen"], dynamic_shapes=sizes,
            )  # fmt: skip
            self.session = session(path)

    def __call__(self, pictures: list[NDArray[np.generic]]) -> Array:
        """What the gate sees of letterboxed pictures, 0-255. (pictures, GATE_INPUTS)."""
        parts = []
        for start in range(0, len(pictures), 8):
            pixels = np.stack(pictures[start : start + 8]).astype(np.float32)[:, None]
            parts.append(self.session.run(None, {"pixels": pixels})[0])
        return np.concatenate(parts)


class Seen(nn.Module):
    """Pixels to what the gate sees."""

    def __init__(self, net: ChestNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pixels: Tensor) -> Tensor:
        """(N, GATE_INPUTS)."""
        return self.net.levels(standardise(pixels))[1]


def reshape(picture: Pixels, rng: random.Random) -> Pixels:
    """Another aspect by trimming a square picture, so that the letterbox says nothing about what is inside."""
    if rng.random() < 0.5:
        return letterbox(picture, EDGE_PX)
    height, width = picture.shape
    keep = rng.uniform(0.78, 1.0)
    if rng.random() < 0.5:
        start = int(width * (1 - keep) * rng.random())
        picture = picture[:, start : start + max(16, int(width * keep))]
    else:
        start = int(height * (1 - keep) * rng.random())
        picture = picture[start : start + max(16, int(height * keep))]
    return letterbox(np.ascontiguousarray(picture), EDGE_PX)


def accepted_pictures(films: list[Pixels], rng: random.Random) -> list[NDArray[np.generic]]:
    """Some films as they are, some trimmed, some augmented."""
    plain: list[NDArray[np.generic]] = [letterbox(f, EDGE_PX) for f in films[::3]]
    trimmed = [reshape(f, rng) for f in films[1::2]]
    return plain + trimmed + [augment(f, rng) for f in films[::4]]


def rejected_pictures(films: list[Pixels], data: Path, rng: random.Random) -> list[NDArray[np.generic]]:
    """Other examinations three ways, spoiled films, DICOM frames and inventions."""
    others = [o.pixels for o in read_others(data) if not o.held_out] + read_objects(data) * 2
    square = [letterbox(o, STORE_PX) for o in others]
    wrong = [letterbox(o, EDGE_PX) for o in others] + [reshape(o, rng) for o in square]
    turned: list[NDArray[np.generic]] = [augment(o, rng) for o in square]
    spoiled = [reshape(spoil(f, rng), rng) for f in films[::2] + films[::2]]
    return turned + wrong + spoiled + [letterbox(invent(rng), EDGE_PX) for _ in range(500)]


def fit(accepted: Array, rejected: Array, *, seed: int, epochs: int = 25) -> Gate:
    """A gate by cross-entropy, classes balanced."""
    torch.manual_seed(seed)
    seen = torch.from_numpy(np.concatenate([accepted, rejected]))
    wanted = torch.cat([torch.ones(len(accepted), 1), torch.zeros(len(rejected), 1)])
    balance = torch.tensor([len(rejected) / len(accepted)])
    gate = Gate()
    chosen = torch.optim.AdamW(gate.parameters(), lr=1e-3, weight_decay=0.05)
    for _ in range(epochs):
        for part in torch.randperm(len(seen)).split(128):
            logit = gate(seen[part])
            loss = functional.binary_cross_entropy_with_logits(logit, wanted[part] * 0.98 + 0.01, pos_weight=balance)
            chosen.zero_grad()
            loss.backward()
            chosen.step()
    return gate.eval()


@torch.inference_mode()
def judge(gate: Gate, seen: Array) -> Array:
    """Gate logits. (pictures,)."""
    return gate(torch.from_numpy(seen)).numpy()[:, 0]


def report(name: str, logits: Array) -> None:
    """One line: how many pass at 0, and where the logits lie."""
    low, middle, high = np.percentile(logits, [1, 50, 99])
    print(f"{name}: {np.mean(logits >= 0):.4f} of {len(logits)} accepted; logits {low:.1f} {middle:.1f} {high:.1f}")


def validation_films(data: Path, source: str = "nih") -> list[Pixels]:
    """The validation films of a source as the product hands them over."""
    return [load(data / "cxr" / r["file"], EDGE_PX) for r in rows(data, source=source) if r["split"] == "val"]


def held_out_pictures(others: list[Other]) -> list[NDArray[np.generic]]:
    """The kept-out third, as the product hands it over."""
    return [letterbox(o.pixels, EDGE_PX) for o in others if o.held_out]


def main() -> None:
    """Train the gate, print how validation films and spoiled ones fare; the kept-out third is for score.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared/data")
    parser.add_argument("--net", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    cv2.setNumThreads(0)
    rng, see = random.Random(0), Eyes(load_net(args.net))
    chosen = [r for s in ("nih", "kermany") for r in rows(args.data, source=s) if r["split"] == "train"]
    films = [load(args.data / "cxr" / r["file"]) for r in chosen]
    accepted, rejected = accepted_pictures(films, rng), rejected_pictures(films, args.data, rng)
    print(f"{len(accepted)} to accept, {len(rejected)} to turn away", flush=True)
    gate = fit(see(accepted), see(rejected), seed=0)
    print("trained", flush=True)
    torch.save(gate.state_dict(), args.out)
    kept = validation_films(args.data)
    report("val NIH films", judge(gate, see(kept)))
    report("val paediatric films", judge(gate, see(validation_films(args.data, "kermany"))))
    for name, change in (("upside down", 2), ("turned", 1)):
        report(f"val NIH {name}", judge(gate, see([np.rot90(f, change).copy() for f in kept])))
    report("val NIH inverted", judge(gate, see([255 - f for f in kept])))


if __name__ == "__main__":
    main()
