"""What a site's health record knows of a patient, asked for before a study is read."""

from wetread.intake.ehr.context import ClinicalContext, open_context
from wetread.intake.ehr.gathered import Gathered, with_context

__all__ = ["ClinicalContext", "Gathered", "open_context", "with_context"]
