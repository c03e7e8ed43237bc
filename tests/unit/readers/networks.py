"""Networks with random or chosen weights, written as ONNX, and cards that fit them."""

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CODES = ("wr:lung-opacity", "wr:emphysema")
CARD = """schema = "wetread.reader-card/1"
name = "{name}"
version = "1"
title = "A test picture"
licence = "none"
[weights]
file = "net.onnx"
sha256 = "{sha256}"
[input]
tensor = "pixels"
edge_px = {edge}
range = [{black}, {white}]
fit = "{fit}"
[outputs]
scores = "scores"
form = "{form}"
[examination]
modalities = ["CR", "DX"]
body_parts = ["CHEST"]
projections = ["PA", "AP"]
min_age_years = 18
adult_age_years = 19
min_edge_px = 32
"""
FINDING = """[[findings]]
index = {index}
code = "{code}"
present_at = 0.5
uncertain_at = 0.3
"""


class Graph:
    """Nodes and weights in the order they are added."""

    def __init__(self, seed: int = 7) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.rng = np.random.default_rng(seed)

    def weight(self, values) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def conv(self, x: str, inputs: int, outputs: int, kernel: int, stride: int = 1) -> str:
        spread = (2 / (inputs * kernel * kernel)) ** 0.5
        weight = self.weight(self.rng.normal(0, spread, (outputs, inputs, kernel, kernel)))
        return self.add("Conv", x, weight, strides=[stride] * 2, pads=[kernel // 2] * 4)

    def save(self, path: Path, edge: int, outputs: int) -> Path:
        shapes = (("pixels", ["n", 1, edge, edge]), ("scores", ["n", outputs]))
        info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes]
        graph = helper.make_graph(self.nodes, "net", info[:1], info[1:], self.weights)
        network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(network, path)
        return path


def brightness_network(path: Path, edge: int = 64) -> Path:
    """Two scores: five times the mean of the picture, and its negative."""
    graph = Graph()
    mean = graph.add("Flatten", graph.add("GlobalAveragePool", "pixels"))
    graph.add("Gemm", mean, graph.weight([[5.0, -5.0]]), output="scores")
    return graph.save(path, edge, 2)


def densenet121(path: Path, outputs: int = 18, edge: int = 224) -> Path:
    """DenseNet-121 with random weights: one grey channel, growth 32, blocks 6-12-24-16, sigmoid scores."""
    graph = Graph()
    stem = graph.add("Relu", graph.conv("pixels", 1, 64, 7, 2))
    x = graph.add("MaxPool", stem, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for block, layers in enumerate((6, 12, 24, 16)):
        for _ in range(layers):
            wide = graph.conv(graph.add("Relu", x), channels, 128, 1)
            x = graph.add("Concat", x, graph.conv(graph.add("Relu", wide), 128, 32, 3), axis=1)
            channels += 32
        if block < 3:
            x = graph.conv(graph.add("Relu", x), channels, channels // 2, 1)
            x = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            channels //= 2
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", graph.add("Relu", x)))
    spread = graph.add("Mul", pooled, graph.weight([1e-3]))
    scores = graph.add("Gemm", spread, graph.weight(graph.rng.normal(0, 0.1, (channels, outputs))))
    graph.add("Sigmoid", scores, output="scores")
    return graph.save(path, edge, outputs)


def write_reader(folder: Path, *, codes: tuple[str, ...], build=brightness_network, **card) -> Path:
    """A reader's folder: network and card."""
    folder.mkdir(parents=True, exist_ok=True)
    network = build(folder / "net.onnx")
    facts = {"name": folder.name, "edge": 64, "black": -1.0, "white": 1.0, "fit": "pad", "form": "logit", **card}
    facts["sha256"] = hashlib.sha256(network.read_bytes()).hexdigest()
    findings = "".join(FINDING.format(index=index, code=code) for index, code in enumerate(codes))
    (folder / "card.toml").write_text(CARD.format(**facts) + findings)
    return folder
