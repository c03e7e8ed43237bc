"""Clinical data that would break a read later is refused when it is loaded."""

import pytest

from wetread.domain.clinical_data import parse_policy, parse_vocabulary, shipped
from wetread.errors import ClinicalDataInvalid

HEAD = shipped("findings.csv").splitlines()[0]
ROW = "wr:a,a thing,DX,CHEST,1,P1,30,,,,,"


@pytest.mark.parametrize("row", ["wr:b,a thing", ROW + ",one too many", ROW.replace("a thing", " ")])
def test_a_row_of_the_wrong_shape_is_refused_with_its_line(row):
    with pytest.raises(ClinicalDataInvalid, match="line 2"):
        parse_vocabulary(f"{HEAD}\n{row}\n", 'version = "1"\n')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('stat = "P2"', 'stat = "P4"'), ('emergency = "P2"', 'emergency = "P3"'), ('stat = "P2"\n', ""),
        ('human_first = "P2"\n', ""), ('nothing_raised = "P4"\n', ""), ("[code]", "code = 1\n[codes]"),
    ],
)  # fmt: skip
def test_a_policy_that_breaks_a_rule_or_lacks_a_line_is_refused(old, new):
    text = shipped("urgency.toml")
    assert old in text
    with pytest.raises(ClinicalDataInvalid):
        parse_policy(text.replace(old, new))
