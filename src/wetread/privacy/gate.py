"""What stands between the house and an endpoint: policy, then text, then pictures. Nothing leaves but by it."""

import copy
import hashlib
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain

import structlog

from wetread.domain.egress import Cleared, Decision, Endpoint
from wetread.domain.finding import Finding, Presence
from wetread.domain.read import ReadRequest
from wetread.domain.view import Limitation, View
from wetread.errors import EgressDenied
from wetread.privacy import ocr
from wetread.privacy.egress import decide, egress_table, may_show_a_face
from wetread.privacy.headers import clean_view
from wetread.privacy.identifiers import Identifiers
from wetread.privacy.orders import CleanedText, clean_order
from wetread.privacy.patterns import text_patterns
from wetread.privacy.picture import bare
from wetread.privacy.pixel_text import CheckedView, check_view
from wetread.settings import EgressSettings

SUSPICIOUS = "wr:burned-in-text-or-injected-instruction-detected"
KEPT_PICTURES = 64  # pictures whose check is remembered: passes, panels and fallbacks send the same ones
SEXES = ("M", "F", "O")
SAFE_REF = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(logging.getLogger("wetread.privacy"))


@dataclass
class _Seen:
    """Checks of the last pictures, by their bytes; what a check found depends on what was known of the patient."""

    checks: OrderedDict[bytes, CheckedView] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: bytes) -> CheckedView | None:
        with self.lock:
            if key in self.checks:
                self.checks.move_to_end(key)
            return self.checks.get(key)

    def put(self, key: bytes, check: CheckedView) -> None:
        with self.lock:
            self.checks[key] = check
            while len(self.checks) > KEPT_PICTURES:
                self.checks.popitem(last=False)


class EgressGate:
    """Clears requests by the site's settings. Tell it who a study is of: `knowing` for one, `during` while it is read.

    Where nothing is known of a patient the patterns alone clean the text, and fewer marks stay in pictures.
    """

    def __init__(self, settings: EgressSettings) -> None:
        self._settings = settings
        self._identifiers: tuple[str, ...] = ()
        self._by_study: dict[str, list[tuple[str, ...]]] = {}
        self._seen = _Seen()

    def knowing(self, identifiers: tuple[str, ...]) -> "EgressGate":
        """A gate of the same settings that also takes these out of whatever leaves."""
        other = copy.copy(self)  # it shares what was seen, whose keys hold what was known
        other._identifiers = (*self._identifiers, *identifiers)
        return other

    @contextmanager
    def during(self, study_ref: str, identifiers: tuple[str, ...]) -> Iterator[None]:
        """While a study is read, requests of its reference are cleared knowing these identifiers."""
        open_now = self._by_study.setdefault(study_ref, [])
        open_now.append(identifiers)  # several reads of one study may overlap; each takes away its own
        try:
            yield
        finally:
            open_now.remove(identifiers)
            if not open_now and self._by_study.get(study_ref) is open_now:
                del self._by_study[study_ref]

    def clear(self, request: ReadRequest, endpoint: Endpoint) -> Cleared:
        """The request as it may leave: what identifies taken out, what gives orders told.

        Raises: EgressDenied with the reason.
        """
        decision = self._decide(endpoint)
        told = chain.from_iterable(self._by_study.get(request.study_ref, ()))
        known = (*self._identifiers, *dict.fromkeys(told))
        identifiers = Identifiers.of(known)
        text = clean_order(request.order, identifiers)
        headers = [clean_view(view, identifiers) for view in request.views]
        checks, unchecked = self._pictures(tuple(view for view, _ in headers), known, endpoint, decision)
        places = [*text.orders, *(["headers"] if any(told for _, told in headers) else [])]
        cleared = replace(
            request,
            study_ref=_safe_ref(request.study_ref),
            views=tuple(check.view for check in checks),
            order=text.order,
            age_years=capped_age(request.age_years),
            sex=request.sex if request.sex in SEXES else None,
        )
        return Cleared(
            request=cleared,
            decision=decision,
            findings=_findings(places, text, checks),
            limitations=(*_limitations(text, checks), *unchecked),
        )

    def _decide(self, endpoint: Endpoint) -> Decision:
        told = self._settings
        decision = decide(told.data_class, endpoint, licence_allows_third_parties=told.licence_allows_third_parties)
        log.info(
            "egress decided",
            endpoint=endpoint.name,
            data_class=told.data_class.value,
            allowed=decision.allowed,
            rule=decision.rule,
            reason=decision.reason,
        )
        if not decision.allowed:
            raise EgressDenied(f"{decision.reason} (rule {decision.rule})")
        return decision

    def _pictures(
        self, views: tuple[View, ...], known: tuple[str, ...], endpoint: Endpoint, decision: Decision
    ) -> tuple[list[CheckedView], tuple[Limitation, ...]]:
        """Every picture looked at; where nothing can look, they stay on the site."""
        self._keep_faces(views, endpoint, decision)
        if views and not ocr.is_installed():
            if decision.rule != "on_site":
                raise EgressDenied(f"pictures for {endpoint.name} can't be checked for text; {ocr.REMEDY}")
            text = "Text in pixels was not looked for: whatever is burned into the pictures was sent to the reader."
            return [CheckedView(view=bare(view)) for view in views], (
                Limitation(code="pixel_text_unchecked", text=text),
            )
        return [self._picture(view, known) for view in views], ()

    def _keep_faces(self, views: tuple[View, ...], endpoint: Endpoint, decision: Decision) -> None:
        """Photographs of people stay on the site: nothing here looks for faces."""
        if decision.rule == "on_site" or self._settings.data_class in egress_table().face_free:
            return
        count = sum(may_show_a_face(view.modality, colour=view.colour) for view in views)
        if count:
            raise EgressDenied(
                f"{count} pictures for {endpoint.name} are photographs that may show a face, and faces were not looked "
                "for; use a reader on site, or declare the modality of pictures that are none"
            )

    def _picture(self, view: View, known: tuple[str, ...]) -> CheckedView:
        key = hashlib.sha256("\x00".join(known).encode("utf-8", "replace") + b"\x00\x00" + view.picture).digest()
        check = self._seen.get(key)
        if check is None:
            check = check_view(view, Identifiers.of(known), refuse=self._settings.text_in_pixels == "refuse")
            self._seen.put(key, check)
        masked = check.view
        return replace(
            check,
            view=replace(
                view,
                picture=masked.picture,
                pixel_sha256=masked.pixel_sha256 if check.boxes else view.pixel_sha256,
                recipe=(*view.recipe, masked.recipe[-1]) if check.boxes else view.recipe,
            ),
        )


def capped_age(years: float | None) -> float | None:
    """An age as it may be told: from 90 on only "90 or older". Source: 45 CFR 164.514(b)(2)(i)(C)."""
    limits = text_patterns().limits
    return years if years is None or years < limits["oldest_age_years"] + 1 else float(limits["capped_age_years"])


def _safe_ref(ref: str) -> str:
    """A study's reference is a hash already; anything else becomes one."""
    return ref if SAFE_REF.match(ref) else f"st-{hashlib.sha256(ref.encode()).hexdigest()[:12]}"


def _findings(places: list[str], text: CleanedText, checks: list[CheckedView]) -> tuple[Finding, ...]:
    """One finding for all that a human must look at; it names where, never what it says."""
    grounds = [f"instruction-like text in {', '.join(dict.fromkeys(places))}"] if places else []
    grounds += [f"invisible characters in {', '.join(text.hidden)}"] if text.hidden else []
    for told, which in (("orders", "instruction-like text"), ("hidden", "faint text"), ("code", "a QR or bar code")):
        count = sum(getattr(check, told) for check in checks)
        grounds += [f"{which} in the pixels of {count} of {len(checks)} pictures"] if count else []
    if not grounds:
        return ()
    return (Finding(code=SUSPICIOUS, presence=Presence.PRESENT, rationale="; ".join(grounds)[:240]),)


def _limitations(text: CleanedText, checks: list[CheckedView]) -> Iterator[Limitation]:
    boxes, pictures = sum(check.boxes for check in checks), sum(check.boxes > 0 for check in checks)
    if boxes:
        told = f"Text in pixels was masked before reading: {boxes} boxes in {pictures} of {len(checks)} pictures."
        yield Limitation(code="pixel_text_masked", text=told)
    if text.removed:
        told = f"Taken out of the clinical text before reading: {', '.join(text.removed)}."
        yield Limitation(code="text_scrubbed", text=told)
    if text.cut:
        yield Limitation(code="text_cut", text=f"Too long for the reader and cut: {', '.join(text.cut)}.")
    if text.orders:
        told = f"Text that gives orders to a reader was sent as data and marked: {', '.join(text.orders)}."
        yield Limitation(code="text_gives_orders", text=told)
