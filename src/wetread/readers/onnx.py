"""A reader that is data: a card, an ONNX network and its hash. Runs offline on one processor thread."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from wetread.domain.finding import Evidence, Finding, Presence
from wetread.domain.read import Read, ReaderIdentity, ReadRequest
from wetread.domain.view import Limitation, View, ViewPlan
from wetread.errors import CardInvalid, ReaderRefused
from wetread.readers import activation, picture
from wetread.readers.calibrator import logit_of, sigmoid
from wetread.readers.card import CardFinding, ReaderCard, load_card
from wetread.readers.examination import objection, undeclared

MAX_REASONS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the network said of one view: raw logits, maps if it has them, and how the view was placed."""

    view: View
    logits: NDArray[np.float64]
    maps: NDArray[np.float32] | None
    placed: tuple[float, float, float]


class OnnxReader:
    """Reads every view it was trained for and answers every code on its card.

    Raises: CardInvalid at construction if card, weights and hash do not fit together.
    """

    def __init__(self, folder: Path, *, name: str | None = None) -> None:
        self.card: ReaderCard = load_card(folder)
        self.name = name or self.card.name
        self._weights = folder / self.card.weights.file
        edge = self.card.input.edge_px
        self.plan = ViewPlan(max_edge_px=edge if self.card.input.fit == "pad" else 2 * edge, grey_only=True)
        self.identity = ReaderIdentity(
            name=self.name, version=self.card.version, fingerprint=self.card.weights.sha256, model_id=self.card.name
        )

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(str(self._weights), options, providers=["CPUExecutionProvider"])
        except Exception as problem:
            raise CardInvalid(f"{self.name}: {self.card.weights.file} does not load: {problem}") from problem

    async def read(self, request: ReadRequest) -> Read:
        """The coded findings over all views of its examination.

        Raises: ReaderRefused with the reasons where no view is of its examination.
        """
        looked, reasons = self._look_at_all(request.views)
        if not looked:
            raise ReaderRefused("; ".join(reasons[:MAX_REASONS]) or "the study has no picture to read")
        self._check_age(request.age_years)
        findings = tuple(self._finding(finding, looked) for finding in self.card.findings)
        return Read(
            reader=self.identity,
            findings=findings,
            abnormal_probability=self._abnormal(looked),
            limitations=(
                *self._limitations(looked, reasons),
                *self._age_limitation(request.age_years),
                *self._unproven(),
            ),
            views_read=tuple(one.view.pixel_sha256 for one in looked),
            cost_usd=0.0,
        )

    def _check_age(self, age_years: float | None) -> None:
        lowest = self.card.examination.min_age_years
        if lowest is not None and age_years is not None and age_years < lowest:
            raise ReaderRefused(f"the patient is {age_years:g} years old; {self.name} reads from {lowest:g} years on")

    def _unproven(self) -> tuple[Limitation, ...]:
        """Findings that the reader's makers could not tell from chance on held-out films."""
        names = ", ".join(finding.public_label or finding.code for finding in self.card.findings if finding.unproven)
        if not names:
            return ()
        text = (
            f"{self.name} could not be shown to tell {names} from chance: never called present, absent proves nothing"
        )
        return (Limitation(code="finding_unproven", text=text),)

    def _age_limitation(self, age_years: float | None) -> tuple[Limitation, ...]:
        adult = self.card.examination.adult_age_years
        if adult is None or age_years is None or age_years >= adult:
            return ()
        text = f"the patient is {age_years:g} years old; {self.name} was judged on adults, from {adult:g} years on"
        return (Limitation(code="not_an_adult", text=text),)

    def _look_at_all(self, views: tuple[View, ...]) -> tuple[list[Looked], list[str]]:
        looked: list[Looked] = []
        reasons: list[str] = []
        for view in views:
            reason = objection(view, self.card.examination)
            seen = None if reason else self._look(view)
            if isinstance(seen, Looked):
                looked.append(seen)
            else:
                reasons.append(reason or seen or "")
        return looked, list(dict.fromkeys(reasons))

    def _look(self, view: View) -> Looked | str:
        """The network's answer for one view, or why its gate turned the picture away."""
        card = self.card
        square, placed = picture.fit(picture.grey(view), card.input.edge_px, card.input.fit)
        black, white = card.input.range
        names = [n for n in (card.outputs.scores, card.outputs.gate, card.outputs.activation) if n]
        fed = {card.input.tensor: picture.batch(square, channels=card.input.channels, black=black, white=white)}
        try:
            answers = dict(zip(names, self._session.run(names, fed), strict=True))
        except Exception as problem:  # onnxruntime's errors have no common base
            raise CardInvalid(f"{self.name}: the network does not fit its card: {problem}") from problem
        if card.outputs.gate and float(answers[card.outputs.gate].ravel()[0]) < card.outputs.gate_threshold:
            return f"the picture does not look like {card.examination.looks_like}"
        scores = np.asarray(answers[card.outputs.scores], np.float64)[0]
        if card.outputs.form == "probability":
            scores = np.array([logit_of(float(s)) for s in scores])
        if not np.isfinite(scores).all():
            raise ReaderRefused("the network's scores are not finite for this picture")
        maps = answers[card.outputs.activation][0] if card.outputs.activation else None
        return Looked(view=view, logits=scores, maps=maps, placed=placed)

    def _finding(self, asked: CardFinding, looked: list[Looked]) -> Finding:
        """A finding over all views: the view that speaks for it loudest."""
        strongest = max(looked, key=lambda one: one.logits[asked.index])
        logit = float(strongest.logits[asked.index])
        raw = sigmoid(logit)
        probability = asked.calibrator(logit) if asked.calibrator else None
        judged = raw if probability is None else probability
        presence = Presence.ABSENT
        if judged >= asked.present_at:
            presence = Presence.PRESENT
        elif judged >= asked.uncertain_at:
            presence = Presence.UNCERTAIN
        return Finding(
            code=asked.code,
            presence=presence,
            probability=None if probability is None else round(probability, 6),
            calibrator_id=asked.calibrator.id if asked.calibrator else None,
            confidence_raw=round(raw, 6),
            confidence_kind="score",
            evidence=() if presence is Presence.ABSENT else self._evidence(asked.index, strongest),
        )

    def _evidence(self, index: int, seen: Looked) -> tuple[Evidence, ...]:
        if seen.maps is None:
            return ()
        box = activation.hot_box(seen.maps[index])
        found = None if box is None else activation.evidence(seen.view, box, seen.placed, self.card.input.edge_px)
        return () if found is None else (found,)

    def _abnormal(self, looked: list[Looked]) -> float | None:
        asked = self.card.abnormal
        if asked is None:
            return None
        logit = max(float(one.logits[asked.index]) for one in looked)
        return round(asked.calibrator(logit) if asked.calibrator else sigmoid(logit), 6)

    def _limitations(self, looked: list[Looked], reasons: list[str]) -> tuple[Limitation, ...]:
        out = [Limitation(code="view_not_read", text=f"{self.name} did not read a further image: {r}") for r in reasons]
        unknown = sorted({word for one in looked for word in undeclared(one.view)})
        if unknown:
            facts = ", ".join(unknown)
            text = f"nobody stated the {facts}: {self.name} took the picture for its examination by its pixels alone"
            out.append(Limitation(code="examination_not_declared", text=text))
        return tuple(out)
