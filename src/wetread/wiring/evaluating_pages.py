"""What the pages show of an evaluation beside its figures: the curves, and every case that was got wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.evaluate.curves import curves_json
from wetread.evaluate.figures import CONTROL
from wetread.evaluate.gallery import as_lines, wrong_in
from wetread.evaluate.log import read_log
from wetread.evaluate.metrics import Metrics
from wetread.evaluate.plots import Plot
from wetread.wiring.evaluating import Evaluation

CURVES, ERRORS = "curves.json", "errors.jsonl"


def write_pages(evaluation: Evaluation, metrics: Metrics, plots: Mapping[str, Sequence[Plot]]) -> None:
    """Write curves.json and errors.jsonl into the evaluation's folder; nobody is asked anything."""
    settings = evaluation.settings
    log = read_log(evaluation.log_file)
    log.cases = {case.case_id: case for case in evaluation.cases.cases}
    rows = wrong_in(
        log,
        metrics,
        tuple(evaluation.cases.labels),
        vocabulary=load_vocabulary(settings.vocabulary_file),
        policy=load_policy(settings.policy_file),
    )
    own = {name: curves for name, curves in plots.items() if CONTROL not in name}
    _put(evaluation.out / CURVES, curves_json(own))
    _put(evaluation.out / ERRORS, as_lines(rows))


def _put(path: Path, text: str) -> None:
    """Whole or not at all: a service may be reading the folder."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
