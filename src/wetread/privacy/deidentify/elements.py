"""The rules applied to every element of a dataset and of the items in it."""

import re
from dataclasses import dataclass, field

from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from wetread.privacy.deidentify.content import clean_content, is_content
from wetread.privacy.deidentify.graphics import clean_graphics
from wetread.privacy.deidentify.moments import capped_age, date_back, date_time_back
from wetread.privacy.deidentify.options import Clean, Dates, Options, Retain, house_rules, words
from wetread.privacy.deidentify.pseudonyms import Pseudonyms
from wetread.privacy.deidentify.table import CLEAN, KEEP, attribute_rules, resolved
from wetread.privacy.deidentify.text import Texts
from wetread.privacy.deidentify.values import (
    GONE,
    MOMENT_VRS,
    TEXT_VRS,
    code_item,
    dummy,
    is_empty,
    items_of,
    keyword_of,
    put,
    read,
    texts_of,
    vr_of,
)

CONTENT = 0x0040A730
GRAPHIC_ANNOTATIONS = 0x00700001
CURVES_AND_OVERLAYS = (range(0x5000, 0x5100), range(0x6000, 0x6100))
ITEMS = 0xFFFE  # delimiters that stand where an element should
OFFSET = re.compile(r"[+-]\d{4}")  # PS3.3 C.12.1.1.8
STANDARD_UIDS = "1.2.840.10008."
OUR_MARKS = frozenset(
    ("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence",
     "LongitudinalTemporalInformationModified")
)  # fmt: skip


@dataclass(slots=True)
class Cleaner:
    """Cleans the elements of one object in place. `patient` is what its dates and name follow from."""

    pseudonyms: Pseudonyms
    options: Options
    texts: Texts
    sop_class_uid: str
    patient: str
    columns: frozenset[str] = field(default_factory=frozenset)
    removed: int = 0
    replaced: int = 0

    def __post_init__(self) -> None:
        self.columns = self.options.columns()

    def clean(self, dataset: Dataset, *, top: bool = False) -> None:
        """Apply the rules to every element, items of sequences too."""
        for tag in sorted(dataset.keys()):
            if self._never(tag):
                self._drop(dataset, tag)
                continue
            rule = attribute_rules().get(int(tag))
            if rule is None:
                self._unlisted(dataset, tag)
            else:
                action = resolved(rule.action(self.columns), int(tag), self.sop_class_uid, top=top)
                self._apply(dataset, tag, action)

    def _never(self, tag: BaseTag) -> bool:
        """Private, of an unknown kind, a group's length, a curve, an overlay, or a mark that we make anew."""
        if tag.is_private or tag.element == 0 or not dictionary_has_tag(tag):
            return True
        if tag.group == ITEMS or any(tag.group in groups for groups in CURVES_AND_OVERLAYS):
            return True
        return keyword_of(tag) in words("never") | OUR_MARKS

    def _drop(self, dataset: Dataset, tag: BaseTag) -> None:
        del dataset[tag]
        self.removed += 1

    def _apply(self, dataset: Dataset, tag: BaseTag, action: str) -> None:
        vr = vr_of(dataset, tag)
        if action == "X":
            self._drop(dataset, tag)
        elif action == "Z":
            self._empty(dataset, tag, vr)
        elif vr == "SQ":
            self._sequence(dataset, tag, action)
        elif action == "U":
            self.map_uids(dataset, tag)
        elif action == KEEP:
            self._keep(dataset, tag, vr)
        elif action == CLEAN:
            self._clean_value(dataset, tag, vr)
        else:
            self.make_dummy(dataset, tag, vr)

    def _unlisted(self, dataset: Dataset, tag: BaseTag) -> None:
        """An attribute that the table does not name."""
        vr = vr_of(dataset, tag)
        if vr == "SQ":
            self._sequence(dataset, tag, KEEP)
        elif vr == "UI":
            self.map_uids(dataset, tag)
        elif vr == "PN":
            self.make_dummy(dataset, tag, vr)
        elif vr in MOMENT_VRS:
            self.move(dataset, tag, vr)
        elif vr in TEXT_VRS or dictionary_VR(tag) in TEXT_VRS:
            self._sweep(dataset, tag, vr)

    def _sequence(self, dataset: Dataset, tag: BaseTag, action: str) -> None:
        items = items_of(dataset, tag)
        if not items and not is_empty(dataset, tag):
            self._drop(dataset, tag)  # it does not read as a sequence: nobody can look into it
        elif int(tag) == CONTENT:
            clean_content(dataset, self)
        elif int(tag) == GRAPHIC_ANNOTATIONS:
            clean_graphics(items, self, keep=Clean.GRAPHICS in self.options.clean)
        elif action == "D" and keyword_of(tag).endswith("CodeSequence"):
            put(dataset, tag, "SQ", [code_item(*house_rules()["structured"]["unknown"])] if items else None)
            self.replaced += 1
        else:
            for item in items:
                if is_content(item):
                    clean_content(item, self, alone=True)
                self.clean(item)

    def _empty(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        """An empty value, or the stand-in of the patient or the order."""
        stand_in = self._stand_in(dataset, tag)
        put(dataset, tag, vr, stand_in)
        self.replaced += 1

    def _stand_in(self, dataset: Dataset, tag: BaseTag) -> str | None:
        told = self._first_text(dataset, tag)
        keyword = keyword_of(tag)
        if keyword == "PatientName":
            return f"ANONYMOUS^{self.pseudonyms.patient_id(self.patient)}"
        if not told:
            return None
        if keyword == "PatientID":
            return self.pseudonyms.patient_id(told)
        return self.pseudonyms.text(keyword, told) if keyword in words("keyed") else None

    def make_dummy(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        """A value that says nothing where there was one; what was empty stays so."""
        if vr == "UI":
            self.map_uids(dataset, tag)
        elif not is_empty(dataset, tag):
            put(dataset, tag, vr, self._stand_in(dataset, tag) or dummy(vr))
            self.replaced += 1

    def _keep(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        if vr == "AS":
            put(dataset, tag, vr, capped_age(self._first_text(dataset, tag) or "") or None)

    def _clean_value(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        if vr in MOMENT_VRS:
            self.move(dataset, tag, vr)
        elif keyword_of(tag) == "TimezoneOffsetFromUTC":
            if not OFFSET.fullmatch(self._first_text(dataset, tag) or ""):
                self._drop(dataset, tag)
        elif vr in TEXT_VRS:
            self._rewrite(dataset, tag, vr, cleaned=True)
        else:
            self.make_dummy(dataset, tag, vr)

    def move(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        """Dates go back, are kept, or become a dummy; a time of day says no date and stays with them."""
        if self.options.dates is Dates.FULL or is_empty(dataset, tag):
            return
        if self.options.dates is Dates.REMOVED:
            self.make_dummy(dataset, tag, vr)
            return
        if vr == "TM":
            return
        days = self.pseudonyms.days_back(self.patient)
        back = date_back if vr == "DA" else date_time_back
        element = read(dataset, tag)
        told = texts_of(element) if element is not None else []
        moved = [back(one, days) or str(dummy(vr)) for one in told]
        put(dataset, tag, vr, moved if len(moved) > 1 else moved[0] if moved else None)
        self.replaced += 1

    def map_uids(self, dataset: Dataset, tag: BaseTag) -> None:
        """Every UID of a thing replaced; those of kinds of things and all of DICOM's own stay."""
        if Retain.UIDS in self.options.retain or keyword_of(tag) in words("kinds"):
            return
        element = read(dataset, tag)
        told = [one.strip(" \0") for one in texts_of(element)] if element is not None else []
        mapped = [one if one.startswith(STANDARD_UIDS) else self.pseudonyms.uid(one) for one in told if one]
        if mapped != told or element is None:
            put(dataset, tag, "UI", mapped if len(mapped) > 1 else mapped[0] if mapped else None)
            self.replaced += 1

    def _sweep(self, dataset: Dataset, tag: BaseTag, vr: str) -> None:
        if vr not in TEXT_VRS:  # bytes where the dictionary has text
            vr = dictionary_VR(tag)
        self._rewrite(dataset, tag, vr, cleaned=False)

    def _rewrite(self, dataset: Dataset, tag: BaseTag, vr: str, *, cleaned: bool) -> None:
        """The values as they may stay; the element is touched only where that changes something."""
        element = read(dataset, tag)
        told = texts_of(element) if element is not None else []
        whole_only = keyword_of(tag) in words("product_names")
        fresh = [
            self.texts.cleaned(one, vr) if cleaned else self.texts.swept(one, vr, whole_only=whole_only) for one in told
        ]
        if fresh != told or (element is None and not is_empty(dataset, tag)):
            put(dataset, tag, vr, fresh if len(fresh) > 1 else fresh[0] if fresh else GONE)
            self.replaced += 1

    def _first_text(self, dataset: Dataset, tag: BaseTag) -> str | None:
        element = read(dataset, tag)
        return next((one.strip(" \0") for one in texts_of(element)), None) if element is not None else None
