"""A report as an HL7 v2.5.1 result message (ORU^R01)."""

from wetread.delivery.hl7.oru import as_oru, control_id

__all__ = ["as_oru", "control_id"]
