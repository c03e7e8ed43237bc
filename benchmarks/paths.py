"""The whole way, DICOM file to view, against the tutorials' loader and dcmtk."""

import shutil
import tempfile
from pathlib import Path

from benchmarks.inputs import SYNTAXES, encoded, film, slice_of_ct, stored
from benchmarks.peers import dcmtk_jpeg, tutorial_jpeg
from benchmarks.ratio import Ratio, at_least, best_ms, stated
from wetread.domain.study import Instance
from wetread.domain.view import ViewPlan
from wetread.imaging import prepare_instance

JPEG_1024 = ViewPlan(max_edge_px=1024, media_types=("image/jpeg",))


def ratios() -> list[Ratio]:
    """A DX film to JPEG, then CT and CR in each transfer syntax."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_film_to_jpeg(folder), *_each_syntax(folder)]


def _mine(instance: Instance, plan: ViewPlan) -> float:
    return best_ms(lambda: prepare_instance(instance, plan))


def _film_to_jpeg(folder: Path) -> list[Ratio]:
    instance = stored(film(), folder / "dx.dcm")
    mine = _mine(instance, JPEG_1024)
    peer = best_ms(lambda: tutorial_jpeg(instance.path, 1024))
    name, detail = "DX 12 MP raw to JPEG 1024", f"{mine:.1f} ms; {peer:.0f} ms"
    found = [at_least(name, peer / mine, 8.0, "x the tutorials' loader", detail=detail)]
    program = shutil.which("dcmj2pnm")
    if program is not None:
        other = best_ms(lambda: dcmtk_jpeg(program, instance.path, folder / "dx.jpg", 1024))
        found.append(at_least(name, other / mine, 8.0, "x dcmj2pnm", detail=f"{mine:.1f} ms; {other:.0f} ms"))
    return found


def _each_syntax(folder: Path) -> list[Ratio]:
    found = []
    for kind, make in (("CT 512", slice_of_ct), ("CR 3.6 MP", lambda: film(1955, 1841))):
        for syntax, uid in SYNTAXES.items():
            instance = stored(encoded(make(), uid), folder / f"{kind}-{syntax}.dcm")
            mine = _mine(instance, JPEG_1024)
            peer = best_ms(lambda path=instance.path: tutorial_jpeg(path, 1024))
            detail = f"{mine:.1f} ms; {peer:.1f} ms"
            found.append(stated(f"{kind} {syntax} to JPEG 1024", peer / mine, "x the tutorials' loader", detail=detail))
    return found
