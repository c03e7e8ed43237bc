"""What sentences say of findings. Every sentence was written for these tests."""

import pytest
from asked import sheet, view

from wetread.readers.answers.lexicon import lexicon_for
from wetread.readers.answers.statements import sentences, statements


def told(text, modality="DX", body_part="CHEST"):
    """Code, presence and side of every statement, as words."""
    lexicon = lexicon_for(sheet(view(modality=modality, body_part=body_part)))
    found = [s for sentence in sentences(text) for s in statements(sentence, lexicon)]
    words = {(s.term.code.removeprefix("wr:"), s.presence.value, s.side.value if s.side else "") for s in found}
    return "; ".join(sorted(" ".join(part).strip() for part in words))


CHEST = [
    # plain
    ("There is a pneumothorax.", "pneumothorax present"),
    ("Right-sided pneumothorax.", "pneumothorax present right"),
    (
        "Left tension pneumothorax with mediastinal shift.",
        "mediastinal-shift-acute present; tension-pneumothorax present left",
    ),
    ("Large right pneumothorax.", "pneumothorax-large present right"),
    ("A tiny apical pneumothorax on the left.", "pneumothorax-small present left"),
    ("The pneumothorax is massive.", "pneumothorax-large present"),
    ("The pneumothorax is not large.", "pneumothorax present"),
    ("Bilateral pleural effusions.", "pleural-effusion present bilateral"),
    ("Effusions on the left and right.", "pleural-effusion present bilateral"),
    ("Left effusion and right pneumothorax.", "pleural-effusion present left; pneumothorax present right"),
    (
        "Effusion on the left and pneumothorax on the right.",
        "pleural-effusion present left; pneumothorax present right",
    ),
    ("Consolidation in the right lower lobe.", "consolidation present right"),
    ("RUL consolidation.", "consolidation present right"),
    ("The heart is enlarged.", "cardiomegaly present"),
    ("Free air under the diaphragm.", "free-intraperitoneal-air present"),
    ("Moderate cardiomegaly and mild pulmonary edema.", "cardiomegaly present; pulmonary-oedema present"),
    ("Severe pulmonary oedema.", "pulmonary-oedema-severe present"),
    ("The endotracheal tube is in the right main bronchus.", "endotracheal-tube-in-main-bronchus present right"),
    ("The endotracheal tube projects in good position.", "endotracheal-tube-satisfactory present"),
    ("Malpositioned NG tube, coiled in the pharynx.", "enteric-tube-malpositioned present"),
    ("Multiple left rib fractures.", "rib-fractures-multiple present left"),
    ("Consistent with pneumonia.", "pneumonia present"),
    # denied
    ("No pneumothorax.", "pneumothorax absent"),
    ("No effusion.", "pleural-effusion absent"),
    ("There is no evidence of pneumothorax.", "pneumothorax absent"),
    ("Lungs are clear without evidence of consolidation.", "consolidation absent"),
    ("An effusion is not seen.", "pleural-effusion absent"),
    ("Pneumothorax is absent.", "pneumothorax absent"),
    (
        "No focal consolidation, effusion, or pneumothorax.",
        "consolidation absent; pleural-effusion absent; pneumothorax absent",
    ),
    (
        "No consolidation, pleural effusion, pneumothorax.",
        "consolidation absent; pleural-effusion absent; pneumothorax absent",
    ),
    ("Negative for pneumonia or effusion.", "pleural-effusion absent; pneumonia absent"),
    ("Neither pneumothorax nor effusion.", "pleural-effusion absent; pneumothorax absent"),
    ("Effusion and pneumothorax are not identified.", "pleural-effusion absent; pneumothorax absent"),
    ("The lungs do not show consolidation.", "consolidation absent"),
    ("No large effusion.", "pleural-effusion-large absent"),
    ("Pneumonia has been excluded.", "pneumonia absent"),
    ("The effusion has resolved.", "pleural-effusion absent"),
    ("Resolved pneumothorax.", "pneumothorax absent"),
    ("Interval resolution of the right effusion.", "pleural-effusion absent right"),
    ("The pneumothorax is no longer seen.", "pneumothorax absent"),
    ("No left pneumothorax.", "pneumothorax absent left"),
    ("Without pneumothorax or\npleural effusion.", "pleural-effusion absent; pneumothorax absent"),
    ("There isn't any pneumothorax.", "pneumothorax absent"),
    ("Free of consolidation.", "consolidation absent"),
    ("Pneumothorax: none", "pneumothorax absent"),
    ("- Pleural effusion: not seen", "pleural-effusion absent"),
    ("| Pneumothorax | No |", "pneumothorax absent"),
    ("Pneumothorax? No.", "pneumothorax absent"),
    # where a denial ends
    ("No pneumothorax, but a small effusion.", "pleural-effusion-small present; pneumothorax absent"),
    ("No pneumothorax; right effusion.", "pleural-effusion present right; pneumothorax absent"),
    ("No effusion, right lower lobe consolidation is present.", "consolidation present right; pleural-effusion absent"),
    ("No effusion, small left pneumothorax.", "pleural-effusion absent; pneumothorax-small uncertain left"),
    ("There is no pneumothorax and there is a left effusion.", "pleural-effusion present left; pneumothorax absent"),
    ("No pneumothorax with a small right effusion.", "pleural-effusion-small present right; pneumothorax absent"),
    ("No abnormality other than an effusion.", "pleural-effusion present"),
    ("Study without contrast shows an effusion.", "pleural-effusion present"),
    ("Pneumothorax: no, effusion: yes", "pleural-effusion present; pneumothorax absent"),
    ("Cardiomegaly without effusion.", "cardiomegaly present; pleural-effusion absent"),
    ("Large effusion and pneumothorax is absent.", "pleural-effusion-large present; pneumothorax absent"),
    ("No pneumothorax. Right effusion.", "pleural-effusion present right; pneumothorax absent"),
    ("There is no consolidation, however the heart is enlarged.", "cardiomegaly present; consolidation absent"),
    ("Pneumothorax is not seen while an effusion persists.", "pleural-effusion present; pneumothorax absent"),
    (
        "Cardiomegaly, no effusion or pneumothorax, nodules are not seen.",
        "cardiomegaly present; pleural-effusion absent; pneumothorax absent; pulmonary-nodule absent",
    ),
    ("No pneumothorax is not seen.", "pneumothorax uncertain"),
    # doubt
    ("Cannot exclude pneumothorax.", "pneumothorax uncertain"),
    ("Can't rule out a left pneumothorax.", "pneumothorax uncertain left"),
    ("Pneumothorax cannot be excluded.", "pneumothorax uncertain"),
    ("A small pneumothorax is not excluded.", "pneumothorax-small uncertain"),
    ("Possible pneumonia.", "pneumonia uncertain"),
    ("? pneumothorax", "pneumothorax uncertain"),
    ("Findings are suspicious for pneumonia.", "pneumonia uncertain"),
    ("Opacity which may represent pneumonia.", "lung-opacity present; pneumonia uncertain"),
    ("Atelectasis versus pneumonia.", "atelectasis-subsegmental present; pneumonia uncertain"),
    ("Possible effusion and large pneumothorax.", "pleural-effusion uncertain; pneumothorax-large present"),
    ("Pneumothorax is unlikely.", "pneumothorax uncertain"),
    ("Empyema is suspected.", "empyema-suspected present"),
    # twice denied, and no change
    ("Not without pneumothorax.", "pneumothorax present"),
    ("There is no absence of effusion.", "pleural-effusion present"),
    ("The pneumothorax has not resolved.", "pneumothorax present"),
    ("The effusion is not absent.", "pleural-effusion present"),
    ("No change in effusion.", "pleural-effusion present"),
    ("No significant interval change in the left pneumothorax.", "pneumothorax present left"),
    ("No increase in the size of the effusion.", "pleural-effusion present"),
    ("Unchanged cardiomegaly.", "cardiomegaly present"),
    ("Partial resolution of the effusion.", "pleural-effusion present"),
    ("No effusion, unchanged.", "pleural-effusion absent"),
    ("Stable without pneumothorax.", "pneumothorax absent"),
    # neither there nor not there
    ("History of pneumothorax.", ""),
    ("Status post pneumothorax.", ""),
    ("Evaluate for pneumothorax.", ""),
    ("No new consolidation.", ""),
    ("The lungs are clear.", ""),
    ("Normal heart size.", ""),
    ("If pneumonia is suspected, repeat the film.", ""),
    ("Pneumothorax cannot be assessed on this film.", "pneumothorax not_assessable"),
    ("Limited evaluation for pneumothorax.", "pneumothorax not_assessable"),
    ("History of pneumonia, now with a large right effusion.", "pleural-effusion-large present right"),
]


@pytest.mark.parametrize(("text", "expected"), CHEST, ids=[text for text, _ in CHEST])
def test_a_sentence_on_a_chest_film_says(text, expected):
    assert told(text) == expected


OTHERS = [
    (
        "CT",
        "HEAD",
        "Acute left subdural hematoma with midline shift.",
        "midline-shift present; subdural-haematoma-acute present left",
    ),
    ("CT", "HEAD", "Chronic subdural haematoma on the right.", "subdural-collection-chronic present right"),
    (
        "CT",
        "HEAD",
        "No intracranial haemorrhage, mass effect or midline shift.",
        "intracranial-haemorrhage absent; midline-shift absent",
    ),
    ("CT", "HEAD", "Old infarct.", "infarct-chronic present"),
    ("CT", "CHEST", "Saddle embolus.", "pulmonary-embolism-central-or-saddle present"),
    ("CT", "CHEST", "No PE.", "pulmonary-embolism-segmental absent"),
    ("CT", "CHEST", "Small left pneumothorax.", "pneumothorax-on-ct present left"),
    ("CT", "ABDOMEN", "Acute appendicitis without perforation.", "appendicitis-uncomplicated present"),
    ("CT", "ABDOMEN", "Free air.", "pneumoperitoneum-on-ct present"),
    ("MR", "SPINE", "Cauda equina compression.", "cauda-equina-compression present"),
    ("US", None, "Deep vein thrombosis of the calf.", "deep-vein-thrombosis-calf present"),
    ("US", None, "Absent fetal cardiac activity.", "absent-fetal-cardiac-activity present"),
    ("XC", "SKIN", "Suspicious for melanoma.", "melanoma-suspected present"),
    ("OP", "EYE", "No papilledema.", "papilloedema absent"),
]


@pytest.mark.parametrize(("modality", "part", "text", "expected"), OTHERS, ids=[row[2] for row in OTHERS])
def test_a_sentence_on_another_examination_says(modality, part, text, expected):
    assert told(text, modality=modality, body_part=part) == expected


def test_there_are_at_least_eighty_sentences():
    assert len({*(text for text, _ in CHEST), *(row[2] for row in OTHERS)}) >= 80
