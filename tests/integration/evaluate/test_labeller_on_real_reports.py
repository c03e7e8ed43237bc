"""The labeller beside what librarians indexed, on real reports that lie beside the project (never copied into it).

Phrases were tuned on the reports whose identifier hashes to an even number; the figures here are of the others, over
findings that have a counterpart among the tags (devices and unspecified fractures have none that means the same).
Indexers are free with what is only held possible, so what is present alone is held against them.
"""

import hashlib
import json
import sys
from collections import Counter

import pytest

from wetread.domain.clinical_data import load_vocabulary
from wetread.evaluate.reports import codes_of
from wetread.evaluate.reports.phrases import family_of, report_phrases

LEAST_F1, LEAST_PRECISION, LEAST_RECALL = 0.85, 0.88, 0.83
COMMON = {"wr:cardiomegaly": 0.8, "wr:pleural-effusion": 0.8, "wr:consolidation": 0.8, "wr:calcified-granuloma": 0.8}
SPINE = {"thoracic vertebrae", "spine", "lumbar vertebrae"}


def tags(*heads, near=(), without=()):
    """Whether a tag ("Opacity/lung/base") has one of these heads, a word of `near` and none of `without`."""

    def fits(tag):
        head, *rest = (part.strip().lower() for part in tag.split("/"))
        named = not near or any(word in part for word in near for part in rest)
        return head in heads and named and not any(word in part for word in without for part in rest)

    return fits


def either(*kinds):
    return lambda tag: any(kind(tag) for kind in kinds)


INDEXED = {
    "wr:pneumothorax": tags("pneumothorax", "hydropneumothorax", "hemopneumothorax"),
    "wr:pleural-effusion": tags("pleural effusion", "hydropneumothorax", "hemopneumothorax"),
    "wr:cardiomegaly": either(tags("cardiomegaly"), tags("cardiac shadow", "heart", near=("enlarged",))),
    "wr:atelectasis-subsegmental": tags("pulmonary atelectasis"),
    "wr:pulmonary-oedema": tags("pulmonary edema", "pulmonary congestion", "heart failure"),
    "wr:consolidation": tags("airspace disease", "consolidation"),
    "wr:lung-opacity": either(
        tags("opacity", "infiltrate", without=("interstitial",)), tags("density", near=("lung", "retrocard", "thorax"))
    ),
    "wr:pneumonia": tags("pneumonia"),
    "wr:emphysema": tags(
        "emphysema", "pulmonary emphysema", "pulmonary disease, chronic obstructive", "bullous emphysema"
    ),
    "wr:hyperinflation": tags("lung", near=("hyperdistention",)),
    "wr:pulmonary-nodule": tags("nodule"),
    "wr:pulmonary-mass": tags("mass"),
    "wr:calcified-granuloma": tags("calcified granuloma", "granuloma", "granulomatous disease"),
    "wr:fibrosis": tags("cicatrix", "pulmonary fibrosis", "fibrosis"),
    "wr:hiatal-hernia": tags("hernia, hiatal"),
    "wr:scoliosis": tags("scoliosis"),
    "wr:kyphosis": tags("kyphosis"),
    "wr:aortic-tortuosity": tags("aorta", "aorta, thoracic", near=("tortuous", "ectati")),
    "wr:aortic-calcification": tags("atherosclerosis", "calcinosis", near=("aorta",)),
    "wr:costophrenic-angle-blunting": tags("costophrenic angle", near=("blunted",)),
    "wr:hemidiaphragm-elevation": tags("diaphragm", near=("elevated",)),
    "wr:diaphragmatic-eventration": tags("diaphragmatic eventration"),
    "wr:degenerative-spine-change": either(
        tags("spondylosis", "osteophyte", "hyperostosis, diffuse idiopathic skeletal"),
        tags(*SPINE, near=("degenerative",)),
    ),
    "wr:pleural-thickening": tags("thickening", near=("pleura",)),
    "wr:osteopenia": tags("bone diseases, metabolic"),
    "wr:interstitial-pattern-new": tags("markings", "opacity", near=("interstitial",)),
    "wr:rib-fracture-acute": tags("fractures, bone", "deformity", near=("ribs",)),
    "wr:free-intraperitoneal-air": tags("pneumoperitoneum"),
}


@pytest.fixture(scope="module")
def counted(shared):
    """Of each finding what both say, what only the labeller says and what only the indexers say."""
    vocabulary, phrases = load_vocabulary(), report_phrases()
    counts = {code: Counter() for code in INDEXED}
    with (shared / "messages/openi_reports.jsonl").open(encoding="utf-8") as lines:
        for report in map(json.loads, lines):
            if int(hashlib.sha256(report["uid"].encode()).hexdigest(), 16) % 2 == 0:
                continue
            text = "\n\n".join(
                f"{part.upper()}: {report[part]}" for part in ("indication", "comparison", "findings", "impression")
            )
            told = codes_of(text, vocabulary)
            if "wr:hydropneumothorax" in told:
                told |= set(phrases.implies["wr:hydropneumothorax"])
            heads = {family_of(code) for code in told}
            for code, indexed in INDEXED.items():
                here = any(map(indexed, report["mesh_major"]))
                said = code in heads
                counts[code]["both" if here and said else "indexed" if here else "told" if said else "none"] += 1
    return counts


def figures(counts):
    both, told, indexed = counts["both"], counts["told"], counts["indexed"]
    return both / max(1, both + told), both / max(1, both + indexed), 2 * both / max(1, 2 * both + told + indexed)


@pytest.mark.shared
def test_coded_findings_of_real_reports_agree_with_what_was_indexed(counted, capsys):
    total = sum(counted.values(), Counter())
    precision, recall, f1 = figures(total)
    with capsys.disabled():
        reports = counted["wr:pneumothorax"].total()
        sys.stdout.write(f"\n{reports} reports: P {precision:.3f} R {recall:.3f} F1 {f1:.3f}\n")
        for code, counts in counted.items():
            p, r, _ = figures(counts)
            sys.stdout.write(f"  {code:34} n {counts['both'] + counts['indexed']:4} P {p:.2f} R {r:.2f}\n")
    assert f1 >= LEAST_F1
    assert precision >= LEAST_PRECISION
    assert recall >= LEAST_RECALL


@pytest.mark.shared
@pytest.mark.parametrize("code", COMMON)
def test_common_findings_are_found_one_by_one(counted, code):
    assert figures(counted[code])[2] >= COMMON[code]
