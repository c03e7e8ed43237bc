"""Figures of readers: the evaluations of this site, their curves, and every case that was got wrong."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path as Place
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, ValidationError

from wetread.domain.audit import Action
from wetread.domain.urgency import Priority
from wetread.errors import InputError, WetreadError
from wetread.server import evaluations_files as files
from wetread.server.problems import PROBLEMS
from wetread.server.state import Ground
from wetread.server.witness import EvaluationViewer
from wetread.server.words import Storable
from wetread.store.evaluations import ids_by_blob, ids_by_uid

router = APIRouter(tags=["evaluation"], responses=PROBLEMS)
ROWS = 50
Name = Annotated[str, Path(pattern=files.NAME, description="the folder's name")]
Wanted = Annotated[str | None, Query(min_length=1, max_length=128), Storable]
Kind = Literal["missed", "false"]


class EvaluationSummary(BaseModel):
    """One evaluation in the list. `problem` says why its figures can't be shown; then the rest is null."""

    name: str
    at: datetime
    readers: list[str] | None
    test: int | None
    patients: int | None
    seed: int | None
    software: str | None
    problem: str | None = None


class Evaluations(BaseModel):
    """The evaluations of the site, the newest first, and the folder where `wetread evaluate --out` puts them."""

    evaluations: list[EvaluationSummary]
    folder: str


class ErrorRow(BaseModel):
    """One case that a reader got wrong. `study_id` opens it in the reader, null where the store does not have it.

    `threshold` null: the reader's own decision counted.
    """

    case_id: str
    reader: str
    code: str
    label: str
    kind: Kind
    score: float
    threshold: float | None
    priority_due: Priority
    priority_told: Priority
    study_id: str | None


class Choice(BaseModel):
    """One value to choose rows by, and how many rows of the whole file have it."""

    value: str
    label: str
    n: int


class ErrorRows(BaseModel):
    """A page of rows, the most urgent first. `total` counts what was asked for, the choices count the whole file."""

    total: int
    offset: int
    rows: list[ErrorRow]
    readers: list[Choice]
    codes: list[Choice]
    kinds: list[Choice]


class _Row(BaseModel):
    """A line of errors.jsonl."""

    case_id: str
    reader: str
    code: str
    label: str
    kind: Kind
    score: Annotated[float, Field(allow_inf_nan=False)]
    threshold: float | None
    study_uid: str | None
    sha256s: list[str]
    priority_due: Priority
    priority_told: Priority


@router.get("/evaluations")
def listed(who: EvaluationViewer) -> Evaluations:
    """The evaluations of the site."""
    who.saw(Action.EVALUATION_VIEW, "evaluations")
    root = root_of(who.ground)
    # the folder as the operator knows it: below the data folder, never a path of the machine
    return Evaluations(evaluations=[_summary(one) for one in files.folders(root)], folder=root.name)


@router.get("/evaluations/{name}")
def figures(name: Name, who: EvaluationViewer) -> dict[str, Any]:
    """The evaluation's metrics.json (`wetread.metrics/1`)."""
    who.saw(Action.EVALUATION_VIEW, f"evaluation/{name}")
    return files.document(files.folder(root_of(who.ground), name), files.METRICS)


@router.get("/evaluations/{name}/curves")
def curves(name: Name, who: EvaluationViewer) -> dict[str, Any]:
    """The evaluation's curves.json (`wetread.curves/1`): ROC, precision and recall, reliability, risk by coverage."""
    who.saw(Action.EVALUATION_VIEW, f"evaluation/{name}", part="curves")
    return files.document(files.folder(root_of(who.ground), name), files.CURVES)


@router.get("/evaluations/{name}/errors")
def errors(  # noqa: PLR0917 - one parameter a filter
    name: Name,
    who: EvaluationViewer,
    reader: Wanted = None,
    code: Wanted = None,
    kind: Kind | None = None,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> ErrorRows:
    """Cases that readers got wrong, 50 at a time. Opening one asks for more than seeing it here: `study_view`."""
    who.saw(Action.EVALUATION_VIEW, f"evaluation/{name}", part="errors")
    found = files.folder(root_of(who.ground), name)
    asked = {"reader": reader, "code": code, "kind": kind}
    counted: dict[str, Counter[str]] = {one: Counter() for one in asked}
    labels: dict[str, str] = {}
    shown: list[_Row] = []
    total = 0
    for told in files.lines(found):
        row = _row(found, told)
        labels[row.code] = row.label
        for one, counts in counted.items():
            counts[getattr(row, one)] += 1
        if all(value is None or getattr(row, one) == value for one, value in asked.items()):
            shown += [row] if offset <= total < offset + ROWS else []
            total += 1
    return ErrorRows(
        total=total,
        offset=offset,
        rows=_found(who.ground, shown),
        readers=_choices(counted["reader"]),
        codes=_choices(counted["code"], labels),
        kinds=_choices(counted["kind"]),
    )


def root_of(ground: Ground) -> Place:
    """Where the site's evaluations lie."""
    return ground.settings.evaluations or ground.service.data_dir / "evaluations"


def _summary(found: files.Folder) -> EvaluationSummary:
    same: dict[str, Any] = {"name": found.name, "at": found.at}
    try:
        told = files.document(found, files.METRICS)
        data, manifest = told["data"], told["manifest"]
        return EvaluationSummary(
            **same,
            readers=[one["name"] for one in told["readers"]],
            test=data["test"],
            patients=data["patients"],
            seed=data["seed"],
            software=manifest["software"],
        )
    except (WetreadError, KeyError, TypeError, ValidationError, OSError) as error:
        problem = str(error) if isinstance(error, WetreadError) else f"its {files.METRICS} lacks what the list shows"
        nothing = dict.fromkeys(("readers", "test", "patients", "seed", "software"))
        return EvaluationSummary(**same, **nothing, problem=problem)


def _row(found: files.Folder, told: dict[str, Any]) -> _Row:
    try:
        return _Row.model_validate(told)
    except ValidationError:
        raise InputError(found.name, f"a row of its {files.ERRORS} lacks what it should hold", files.AGAIN) from None


def _found(ground: Ground, rows: Sequence[_Row]) -> list[ErrorRow]:
    """The rows with the study that each is of, as far as the store has it: by UID, else by an object's hash."""
    uids = {row.study_uid for row in rows if row.study_uid}
    hashes = {row.sha256s[0] for row in rows if row.sha256s}
    with ground.database.read() as connection:
        by_uid, by_blob = ids_by_uid(connection, uids), ids_by_blob(connection, hashes)
    fields = set(ErrorRow.model_fields) - {"study_id"}
    return [
        ErrorRow(
            **row.model_dump(include=fields),
            study_id=by_uid.get(row.study_uid or "") or by_blob.get(row.sha256s[0] if row.sha256s else ""),
        )
        for row in rows
    ]


def _choices(counts: Counter[str], labels: dict[str, str] | None = None) -> list[Choice]:
    return [Choice(value=one, label=(labels or {}).get(one, one), n=n) for one, n in counts.most_common()]
