"""The words of the field as frozen data: no pixels, no files, no network."""
