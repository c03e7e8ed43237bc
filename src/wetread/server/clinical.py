"""The site's vocabulary, urgency policy and waiting caps, loaded once by a process."""

from functools import cache
from pathlib import Path

from wetread.domain.clinical_data import UrgencyPolicy, load_policy, load_vocabulary, load_worklist_policy
from wetread.domain.vocabulary import Vocabulary
from wetread.server.state import Ground
from wetread.worklist.house import Policies


def vocabulary_of(ground: Ground) -> Vocabulary:
    """The findings that a human may name.

    Raises: ClinicalDataInvalid.
    """
    return _vocabulary(ground.service.settings.vocabulary_file)


def policy_of(ground: Ground) -> UrgencyPolicy:
    """What each priority means at this site.

    Raises: ClinicalDataInvalid.
    """
    return _policy(ground.service.settings.policy_file)


def policies_of(ground: Ground) -> Policies:
    """What decides a study's place.

    Raises: ClinicalDataInvalid.
    """
    return Policies(urgency=policy_of(ground), waiting=load_worklist_policy(ground.service.settings.worklist_file))


@cache
def _vocabulary(file: Path | None) -> Vocabulary:
    return load_vocabulary(file)


@cache
def _policy(file: Path | None) -> UrgencyPolicy:
    return load_policy(file)
