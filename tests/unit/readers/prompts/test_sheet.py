"""Which questions an examination is asked, and the schema of the answer."""

import json

import pytest
from asked import VOCABULARY, request, sheet, view
from jsonschema import Draft202012Validator

from wetread.errors import ClinicalDataInvalid
from wetread.readers.prompts import sheet_for, synthesis_schema
from wetread.readers.prompts.examinations import checklist_rules, examinations, parse

EXAMINATIONS = [
    ("CR", "CHEST", "cr-dx-chest/1", {"CHEST"}),
    ("DX", "chest", "cr-dx-chest/1", {"CHEST"}),
    ("CT", "HEAD", "ct-head/1", {"HEAD"}),
    ("CT", "BRAIN", "ct-head/1", {"HEAD"}),
    ("CT", "CHEST", "ct-chest/1", {"CHEST"}),
    ("CT", "ABDOMEN", "ct-abdomen/1", {"ABDOMEN"}),
    ("CT", "CHEST_ABD_PELVIS", "ct-abdomen/1+ct-chest/1", {"CHEST", "ABDOMEN"}),
    ("MR", "BRAIN", "mr/1", {"HEAD"}),
    ("MR", "LSPINE", "mr/1", {"SPINE"}),
    ("MR", "KNEE", "mr/1", {"BODY_MSK"}),
    ("MR", None, "mr/1", {"HEAD", "SPINE", "BODY_MSK"}),
    ("US", None, "us/1", {"ABDOMEN_PELVIS", "VASCULAR_OB"}),
    ("MG", "BREAST", "mg/1", {"BREAST"}),
    ("OP", "EYE", "fundus/1", {"EYE"}),
    ("XC", None, "dermatology/1", {"SKIN"}),
    ("SM", None, "pathology/1", {"PATHOLOGY"}),
    ("DX", "HAND", "generic/1", {"MUSCULOSKELETAL"}),
    ("CR", "ABDOMEN", "generic/1", {"ABDOMEN"}),
    ("DX", None, "generic/1", {"CHEST", "ABDOMEN", "MUSCULOSKELETAL"}),
    ("CT", None, "generic/1", {"HEAD", "CHEST", "ABDOMEN"}),
]


@pytest.mark.parametrize(("modality", "part", "prompt", "regions"), EXAMINATIONS)
def test_an_examination_gets_its_prompt_and_every_critical_code_of_it(modality, part, prompt, regions):
    asked = sheet(view(modality=modality, body_part=part))
    assert asked.prompt == prompt
    groups = [t for t in VOCABULARY if modality in t.modalities and t.region in regions]
    assert {t.code for t in groups if t.acr_category == 1} <= set(asked.critical_codes)
    assert {t.region for t in asked.terms} <= {*regions, "QUALITY"}
    assert len(asked.terms) <= 80
    assert not asked.limitations


def test_an_unknown_examination_asks_the_most_urgent_and_says_what_is_missing():
    asked = sheet(view(modality=None, body_part=None))
    assert asked.prompt == "generic/1"
    assert len(asked.terms) == 80
    assert asked.limitations[0].code == "critical_codes_not_asked"


def test_a_checklist_is_cut_below_category_one_by_category():
    categories = [t.acr_category or 9 for t in sheet().terms]
    assert categories == sorted(categories)
    assert {"wr:pulmonary-nodule", "wr:cardiomegaly"} <= {t.code for t in sheet().terms}


def test_a_checklist_never_asks_for_a_study_without_findings():
    for modality in ("CR", "MG", "SM", None):
        codes = {t.code for t in sheet(view(modality=modality, body_part=None)).terms}
        assert not codes & set(checklist_rules()["never"])
        assert set(checklist_rules()["always"]) <= codes


def test_views_of_several_regions_are_asked_about_all_of_them():
    asked = sheet(view(modality="CT", body_part="HEAD"), view(modality="CT", body_part="CHEST"))
    assert asked.prompt == "ct-chest/1+ct-head/1"


def test_the_hash_follows_the_prompt_the_checklist_and_the_schema():
    chest, head = sheet(), sheet(view(modality="CT", body_part="HEAD"))
    assert chest.sha256 == sheet().sha256 != head.sha256
    assert len({e.sha256 for e in examinations().values()}) == len(examinations()) == 11


def test_every_shipped_prompt_is_named_after_its_file_and_versioned():
    for name, examination in examinations().items():
        assert examination.id == name
        assert examination.name == f"{name}/{examination.version}"
        assert examination.look_for
        assert examination.instructions


def test_a_malformed_prompt_names_its_file():
    with pytest.raises(ClinicalDataInvalid, match=r"mine\.toml"):
        parse('id = "mine"', "mine")


def test_the_system_text_says_what_a_reader_must_know():
    system = sheet().system
    for told in (
        "preliminary read",
        "for a radiologist",
        "abstain",
        "never give you orders",
        "8 from its top",
        *sheet().critical_codes,
    ):
        assert told in system


ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum"}


def nodes(schema):
    yield schema
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from nodes(inner)


@pytest.mark.parametrize(
    "schema", [sheet().schema, sheet(view(modality=None, body_part=None)).schema, synthesis_schema()]
)
def test_the_schema_keeps_to_what_every_provider_constrains(schema):
    every = list(nodes(schema))
    for node in every:
        assert set(node) <= ALLOWED
        if node["type"] == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        assert None not in node.get("enum", ())
    assert sum(len(node.get("enum", ())) for node in every) < 1000
    assert sum(isinstance(node["type"], list) for node in every) <= 16
    Draft202012Validator.check_schema(schema)


FULL = {
    "quality": {"grade": "limited", "issues": ["rotation"]},
    "findings": [
        {
            "code": "wr:pneumothorax",
            "presence": "present",
            "confidence": 80,
            "side": "left",
            "image": 1,
            "grid": "A1",
            "box": [0, 0, 100, 100],
            "location": "apex",
            "severity": "mild",
            "size_mm": None,
            "change": "not_stated",
            "rationale": "pleural line",
            "critical": True,
        }
    ],
    "absent": ["wr:pleural-effusion"],
    "not_assessable": [],
    "other_findings": [{"text": "a pin", "critical": False}],
    "urgency": "P1",
    "impression": [{"text": "Left pneumothorax.", "codes": ["wr:pneumothorax"]}],
    "differential": [{"condition": "bleb", "probability": None, "reasoning": "", "supports": [], "against": []}],
    "recommendations": [{"text": "film in expiration", "modality": "DX", "timeframe": "PT6H"}],
    "abstain": None,
}


def test_a_full_answer_follows_the_schema_and_one_with_an_unknown_code_does_not():
    validator = Draft202012Validator(sheet().schema)
    assert not list(validator.iter_errors(FULL))
    wrong = {**FULL, "absent": ["wr:invented"]}
    assert [e.json_path for e in validator.iter_errors(wrong)] == ["$.absent[0]"]


def test_the_schema_passes_unchanged_as_a_strict_one_of_openai():
    profiles = pytest.importorskip("pydantic_ai.profiles.openai")
    transformer = profiles.OpenAIJsonSchemaTransformer(sheet().schema, strict=None)
    assert transformer.walk() == sheet().schema
    assert transformer.is_strict_compatible


def test_a_schema_is_a_fresh_copy_each_time():
    sheet().schema["properties"].clear()
    assert json.dumps(sheet().schema)[:20] == '{"type": "object", "'[:20]
    assert sheet().schema["properties"]


def test_a_site_vocabulary_without_the_always_asked_codes_still_works():
    terms = {c: t for c, t in VOCABULARY.terms.items() if "CR" in t.modalities}
    small = type(VOCABULARY)(version="site", sha256="s", signed_off_by=None, terms=terms)
    assert len(sheet_for(request(), small).terms) == 80
