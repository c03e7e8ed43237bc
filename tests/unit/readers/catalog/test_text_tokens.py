"""Tokens of text without a tokenizer: how far off, and always on the dear side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wetread.readers.catalog import load_catalog, text_tokens

FAMILIES = load_catalog().families
# (text, tokens in o200k_base, in cl100k_base), counted once with gpt-tokenizer 4.0.0
SAMPLES = {
    "prompt": (
        "You are an assistant that drafts a preliminary read for a radiologist. Look at every picture "
        "before you answer. "
        "For each code of the checklist say whether it is present, absent, uncertain or not assessable. Do not guess; "
        "abstain where the picture does not show the region. Answer with JSON only.", 62, 62,
    ),
    "indication": (
        "67 y/o M, acute onset dyspnoea and left-sided pleuritic chest pain since 04:30, SpO2 86 % on 4 "
        "L O2, HR 128/min, "
        "BP 92/54 mmHg. Known COPD GOLD III, metastatic adenocarcinoma of the sigmoid colon. D-dimer "
        "4.81 mg/L, troponin "
        "T 46 ng/L. Rule out pneumothorax, pulmonary embolism.", 96, 101,
    ),
    "findings": (
        "Bilateral ground-glass opacities with interlobular septal thickening, predominantly "
        "peribronchovascular. Moderate "
        "cardiomegaly; cephalisation of the pulmonary vasculature. Right-sided pleural effusion, blunting of the "
        "costophrenic angle. No pneumothorax. Endotracheal tube terminates 3.2 cm above the carina. Degenerative "
        "spondylosis of the thoracic spine.", 92, 93,
    ),
    "answer": (
        '{"findings":[{"code":"wr:pneumothorax","presence":"absent","probability":0.03,"side":null,"evidence":[{"view":1,'
        '"cell":"c3","box":[0.12,0.31,0.44,0.58]}]},{"code":"wr:pleural-effusion","presence":"present","probability":0.91,'
        '"side":"right","evidence":[]}],"quality":{"grade":"diagnostic","issues":[]},"urgency":"P3"}', 110, 106,
    ),
    "german": (
        "Zustand nach Oberlappenresektion rechts. Keine umschriebenen Infiltrate, kein Pleuraerguss. "
        "Herzschattenverbreiterung mit pulmonalvenöser Stauung. Verlaufskontrolle in 14 Tagen "
        "empfohlen. Fragestellung: "
        "Ausschluss einer Lungenembolie bei Thrombophlebitis.", 73, 80,
    ),
    "chinese": (
        "双肺纹理增粗，右下肺可见斑片状高密度影，边界模糊。心影增大，主动脉迂曲钙化。双侧肋膈角变钝，考虑少量胸腔积液。"  # noqa: RUF001 - Chinese punctuation
        "建议进一步行胸部CT检查。", 70, 95,
    ),
    "laboratory": (
        "Na 138 mmol/L; K 5.9 mmol/L (H); Crea 2.41 mg/dL; eGFR 27; CRP 187.3 mg/L; WBC 19.8 G/L; Hb 8.4 g/dL; "
        "Plt 74 G/L; INR 2.7; lactate 4.2 mmol/L; pH 7.21; pCO2 68 mmHg; HCO3 22.4; NT-proBNP 18734 pg/mL; "
        "PCT 12.6 ng/mL", 124, 127,
    ),
    "codes": (
        "wr:pneumothorax, wr:tension-pneumothorax, wr:pneumomediastinum, wr:pneumoperitoneum, "
        "wr:subarachnoid-haemorrhage, wr:epidural-haematoma, wr:aortic-dissection, wr:pulmonary-embolism, "
        "wr:oesophageal-perforation", 76, 82,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "newer", "older"), SAMPLES.values(), ids=SAMPLES)
def test_the_estimate_is_never_short_and_at_most_45_percent_over(text, newer, older):
    counted = text_tokens(text, FAMILIES["openai-tiles-85"])
    assert max(newer, older) <= counted <= 1.45 * newer


@given(first=st.text(max_size=200), second=st.text(max_size=200))
def test_more_text_never_takes_fewer_tokens(first, second):
    family = FAMILIES["openai-tiles-85"]
    assert text_tokens(first + "\n" + second, family) + 1 >= text_tokens(first, family)


def test_no_text_is_no_token_and_any_letter_is_one():
    assert [text_tokens(text, FAMILIES["generic"]) for text in ("", " ")] == [0, 0]
    assert all(text_tokens(text, FAMILIES["generic"]) >= 1 for text in ("a", "7", "ü", "肺", "🩻", "\n", "\x00"))


def test_newer_claude_models_count_thirty_percent_more_text():
    text = SAMPLES["findings"][0] * 20
    older, newer = (text_tokens(text, FAMILIES[name]) for name in ("claude-1568", "claude-2576"))
    assert newer == pytest.approx(1.3 * older, rel=0.01)
