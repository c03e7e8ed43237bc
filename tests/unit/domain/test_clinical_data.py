"""Vocabulary and policy: strict, versioned, unsigned and saying so, replaceable by a site."""

import pytest

from wetread.domain.clinical_data import load_policy, load_vocabulary, parse_policy, parse_vocabulary, shipped
from wetread.domain.urgency import Priority
from wetread.errors import ClinicalDataInvalid

HEAD = "id,label,modality,region,acr_category,priority_floor,target_min,"
HEAD += "code_system,code,code_meaning,code_match,public_label\n"
ROW = 'wr:a,a thing,"CR,DX",CHEST,1,P1,15,SCT,1,A,exact,Thing\n'
ABOUT = 'version = "1"\nsigned_off_by = ""\n'


def test_the_shipped_vocabulary_is_whole_versioned_and_unsigned():
    vocabulary = load_vocabulary()
    assert len(vocabulary.terms) >= 495
    assert vocabulary.version
    assert len(vocabulary.sha256) == 64
    assert vocabulary.signed_off_by is None
    assert vocabulary.term("wr:pneumothorax").floor is Priority.P1


def test_categories_and_floors_belong_together():
    floors = {1: {"P1"}, 2: {"P2"}, 3: {"P3"}, 0: {"P4"}}
    for term in load_vocabulary():
        assert term.floor.value in floors[term.acr_category], term.code
        assert bool(term.target_min) == (term.acr_category > 0)


@pytest.mark.parametrize(
    ("table", "word"),
    [
        (HEAD + ROW + ROW, "twice"),
        (HEAD + ROW.replace("P1", "P9"), "P9"),
        (HEAD + ROW.replace("P1", "UNREAD"), "UNREAD"),
        (HEAD + ROW.replace(",1,P1", ",7,P1"), "acr_category"),
        (HEAD + ROW.replace("wr:a", "a"), "wr:"),
        (HEAD + ROW.replace("exact", "roughly"), "code_match"),
        (HEAD + ROW.replace(",15,", ",-1,"), "target_min"),
        (HEAD, "no finding"),
        (HEAD.replace(",region", "") + ROW, "line 2"),
    ],
)
def test_a_wrong_row_names_its_line(table, word):
    with pytest.raises(ClinicalDataInvalid, match=word):
        parse_vocabulary(table, ABOUT)


def test_a_site_s_files_replace_ours_and_their_signature_is_kept(tmp_path):
    (tmp_path / "findings.csv").write_text(HEAD + ROW)
    (tmp_path / "findings.toml").write_text('version = "site-7"\nsigned_off_by = "Dr Example"\n')
    vocabulary = load_vocabulary(tmp_path / "findings.csv")
    assert (vocabulary.version, vocabulary.signed_off_by, len(vocabulary.terms)) == ("site-7", "Dr Example", 1)
    (tmp_path / "urgency.toml").write_text(shipped("urgency.toml").replace("P1 = 60", "P1 = 45"))
    assert load_policy(tmp_path / "urgency.toml").target_min[Priority.P1] == 45


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ('version = "2026.11-draft"', "", "version"),
        ("category_1 = 0.10", "category_1 = 1.5", "between 0 and 1"),
        ('stat = "P2"', 'stat = "P0"', "P0"),
        ("P1 = 60", "", "P1"),
        ("[order]", "[order", "TOML"),
    ],
)
def test_a_wrong_policy_names_what_is_wrong(old, new, word):
    with pytest.raises(ClinicalDataInvalid, match=word):
        parse_policy(shipped("urgency.toml").replace(old, new, 1))


def test_a_missing_site_file_is_named(tmp_path):
    with pytest.raises(ClinicalDataInvalid, match=r"nowhere\.csv"):
        load_vocabulary(tmp_path / "nowhere.csv")
