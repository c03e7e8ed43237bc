"""A report as a FHIR R4 transaction (https://hl7.org/fhir/R4)."""

from wetread.delivery.fhir.bundle import as_bundle, bundle_bytes

__all__ = ["as_bundle", "bundle_bytes"]
