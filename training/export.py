"""Write the ONNX file of one or more networks and a gate.

`python export.py --nets a.pt b.pt --gate gate.pt --out reader.onnx`
"""

import argparse
import copy
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from network import EDGE_PX, Exported, Gate, load_net

SMALL = 1024  # tensors below this many values stay float32
NAMES = ["logits", "gate", "activation"]


def fused(module: nn.Module) -> nn.Module:
    """The same module with each normalisation folded into the convolution before it."""
    if isinstance(module, nn.Sequential):
        layers: list[nn.Module] = []
        for layer in module:
            if isinstance(layer, nn.BatchNorm2d) and isinstance(layers[-1], nn.Conv2d):
                layers[-1] = fuse_conv_bn_eval(_plain(layers[-1]), layer)
            elif not isinstance(layer, nn.Identity):
                layers.append(fused(layer))
        # Identities keep the positions that the gate's taps count.
        kept = iter(layers)
        return nn.Sequential(*(nn.Identity() if isinstance(m, nn.BatchNorm2d) else next(kept) for m in module))
    for name, child in module.named_children():
        setattr(module, name, fused(child))
    return module


def _plain(conv: nn.Conv2d) -> nn.Conv2d:
    """A plain convolution with the same weights."""
    same = nn.Conv2d(
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, groups=conv.groups, bias=False
    )
    same.weight = conv.weight
    return same.eval()


def store_as_half(model: onnx.ModelProto) -> None:
    """Large weights as float16 with a cast to float32 in the graph: half the size, float32 arithmetic."""
    graph, casts = model.graph, []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or values.size < SMALL:
            continue
        short = numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half")
        casts.append(helper.make_node("Cast", [short.name], [tensor.name], to=TensorProto.FLOAT))
        graph.initializer.remove(tensor)
        graph.initializer.append(short)
    for node in reversed(casts):
        graph.node.insert(0, node)
    known = {i.name for i in graph.initializer}
    stale = [v for v in graph.value_info if v.name in known]
    for value in stale:
        graph.value_info.remove(value)


def export(nets: list[Path], gate_path: Path, out: Path) -> float:
    """Write the file; returns the largest difference of a logit between it and the networks on test pictures."""
    gate = Gate().eval()
    gate.load_state_dict(torch.load(gate_path, weights_only=True))
    whole = Exported([load_net(path) for path in nets], gate).eval()
    lean = copy.deepcopy(whole)
    for net in lean.nets:
        net.features = fused(net.features)
    sample = torch.randint(0, 256, (2, 1, EDGE_PX, EDGE_PX)).float()
    torch.onnx.export(
        lean, (sample,), str(out), dynamo=True, opset_version=18, external_data=False,
        input_names=["pixels"], output_names=NAMES,
        dynamic_shapes={"pixels": {0: torch.export.Dim("N", min=1, max=64)}},
    )  # fmt: skip
    model = onnx.load(str(out))
    store_as_half(model)
    del model.metadata_props[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    model.producer_name, model.producer_version, model.doc_string = "wetread training", "", ""
    onnx.checker.check_model(model)
    onnx.save(model, str(out))
    with torch.inference_mode():
        wanted = whole(sample[:1])
    given = session(out).run(NAMES, {"pixels": sample[:1].numpy()})
    return max(float(np.abs(a - b.numpy()).max()) for a, b in zip(given[:2], wanted[:2], strict=True))


def session(path: Path) -> onnxruntime.InferenceSession:
    """One thread, processor only."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def main() -> None:
    """Export and check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nets", type=Path, nargs="+", required=True)
    parser.add_argument("--gate", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    gap = export(args.nets, args.gate, args.out)
    print(f"{args.out.name}: {args.out.stat().st_size / 1e6:.1f} MB, largest difference to the networks {gap:.4f}")


if __name__ == "__main__":
    main()
