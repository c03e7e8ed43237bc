"""Whole reports made from a few answers, as every test of reporting needs them."""

from wetread.domain.clinical_data import load_policy, load_vocabulary
from wetread.domain.order import Order
from wetread.domain.report import Provenance, Report
from wetread.errors import NobodyRead
from wetread.panel import assess, consolidate
from wetread.reporting import Rest, compose
from wetread.testing.studies import film_study

VOCABULARY, POLICY = load_vocabulary(), load_policy()
PROVENANCE = Provenance(
    software="wetread test",
    vocabulary_version=VOCABULARY.version,
    vocabulary_sha256=VOCABULARY.sha256,
    vocabulary_signed_off_by=None,
    policy_version=POLICY.version,
    policy_sha256=POLICY.sha256,
    libraries=(("numpy", "2"),),
)


def report(*answers, study=None, order=None, **rest) -> Report:
    """The report of a film that these readers answered on; `rest` are fields of `Rest`."""
    study, order = study or film_study(), order or Order()
    try:
        consensus = consolidate(answers, {})
    except NobodyRead:
        consensus = None
    urgency = assess(answers, order, study=study, vocabulary=VOCABULARY, policy=POLICY)
    fields = {"urgency": urgency, "vocabulary": VOCABULARY, "policy": POLICY, "provenance": PROVENANCE, **rest}
    return compose(study, order, answers, consensus, rest=Rest(**fields))
