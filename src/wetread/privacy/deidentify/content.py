"""Content items of structured reports (PS3.3 C.17.3): the tree is built anew, so that it stays a valid document."""

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from wetread.privacy.deidentify.cleaning import Cleaning
from wetread.privacy.deidentify.options import Clean, Dates, Retain, house_rules
from wetread.privacy.deidentify.table import CLEAN, KEEP, content_rules
from wetread.privacy.deidentify.values import GONE, code_item, dummy, items_of

CONTENT, CONCEPT_NAME = BaseTag(0x0040A730), BaseTag(0x0040A043)
CODE, MEASURED = BaseTag(0x0040A168), BaseTag(0x0040A300)
BY_REFERENCE = BaseTag(0x0040DB73)
REFERENCES = ("IMAGE", "COMPOSITE", "WAVEFORM", "UIDREF")
MOMENTS = {"DATE": ("Date", "DA"), "TIME": ("Time", "TM"), "DATETIME": ("DateTime", "DT")}


def is_content(item: Dataset) -> bool:
    """Whether an item of some other sequence is a content item (acquisition context, specimen preparation)."""
    return "ValueType" in item and CONCEPT_NAME in item


def clean_content(dataset: Dataset, cleaner: Cleaning, *, alone: bool = False) -> None:
    """Rebuild the items below a dataset, or the one that it is itself (`alone`)."""
    if alone:
        _rebuild(dataset, cleaner)
        return
    whole = not _has_by_reference(dataset)  # items point to others by their place: then none may go
    _branch(dataset, cleaner, may_drop=whole)


def _branch(parent: Dataset, cleaner: Cleaning, *, may_drop: bool) -> None:
    kept = []
    for item in items_of(parent, CONTENT):
        if _goes(item, cleaner) and may_drop:
            cleaner.removed += 1
            continue
        if CONTENT in item:
            _branch(item, cleaner, may_drop=may_drop)
        below = item.pop(CONTENT, None)
        _rebuild(item, cleaner)
        cleaner.clean(item)
        if below is not None:
            item[CONTENT] = below
        kept.append(item)
    if kept:
        parent.ContentSequence = kept
    elif CONTENT in parent:
        del parent[CONTENT]


def _goes(item: Dataset, cleaner: Cleaning) -> bool:
    """Whether Table E.3.4-1 takes an item out. A reference stays, its UIDs replaced: a copy's links must hold."""
    kind = str(item.get("ValueType", ""))
    if Clean.STRUCTURED not in cleaner.options.clean or kind in REFERENCES:
        return False
    return _action(item, cleaner) in ("X", "X/D")


def _action(item: Dataset, cleaner: Cleaning) -> str | None:
    """What the table does with an item; None where it does not name its concept."""
    rule = content_rules().get((*_concept(item), str(item.get("ValueType", ""))))
    return rule.action(cleaner.columns) if rule is not None else None


def _concept(item: Dataset) -> tuple[str, str]:
    for name in items_of(item, CONCEPT_NAME):
        return str(name.get("CodingSchemeDesignator", "")), str(name.get("CodeValue", ""))
    return "", ""


def _rebuild(item: Dataset, cleaner: Cleaning) -> None:
    """One item's own value."""
    kind = str(item.get("ValueType", ""))
    if kind in ("TEXT", "PNAME"):
        _text(item, kind, cleaner)
    elif kind in MOMENTS:
        _moment(item, kind, cleaner)
    elif kind in ("CODE", "NUM"):
        _coded(item, kind, cleaner)


def _text(item: Dataset, kind: str, cleaner: Cleaning) -> None:
    keyword = "TextValue" if kind == "TEXT" else "PersonName"
    told = str(item.get(keyword, "") or "")
    structured = Clean.STRUCTURED in cleaner.options.clean
    action = _action(item, cleaner) if structured else None
    if kind == "TEXT" and action == KEEP:
        fresh = cleaner.texts.swept(told, "UT")
    elif kind == "TEXT" and structured and (action == CLEAN or (action is None and _descriptors(cleaner))):
        fresh = cleaner.texts.cleaned(told, "UT")
    else:
        fresh = GONE
    if told:
        setattr(item, keyword, fresh)
        cleaner.replaced += 1


def _descriptors(cleaner: Cleaning) -> bool:
    return Clean.DESCRIPTORS in cleaner.options.clean


def _moment(item: Dataset, kind: str, cleaner: Cleaning) -> None:
    """The cleaning of the item's elements that follows moves dates; those that no option keeps become dummies."""
    keyword, vr = MOMENTS[kind]
    born = _action(item, cleaner) == "X"  # a date of birth: no option keeps or moves it
    if keyword in item and (born or cleaner.options.dates is Dates.REMOVED):
        setattr(item, keyword, dummy(vr))
        cleaner.replaced += 1


def _coded(item: Dataset, kind: str, cleaner: Cleaning) -> None:
    """Codes and measurements stay where structured content is cleaned, unless they say who somebody is."""
    scheme, code = _concept(item)
    if Clean.STRUCTURED in cleaner.options.clean:
        action = _action(item, cleaner)
        stays = action in (None, KEEP) or (action != "X" and Retain.CHARACTERISTICS in cleaner.options.retain)
    else:
        stays = f"{scheme} {code}" in house_rules()["structured"]["kept"]
    if stays:
        return
    if kind == "CODE" and CODE in item:
        item.ConceptCodeSequence = [code_item(*house_rules()["structured"]["unknown"])]
    elif kind == "NUM" and MEASURED in item:
        item.MeasuredValueSequence = []
    cleaner.replaced += 1


def _has_by_reference(parent: Dataset) -> bool:
    return any(BY_REFERENCE in item or _has_by_reference(item) for item in items_of(parent, CONTENT))
