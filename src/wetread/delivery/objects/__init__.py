"""DICOM objects made of a report. Needs nothing but pydicom, save for the pictures and presentation states."""
