"""The HTTP API, DICOMweb, sessions, events."""
