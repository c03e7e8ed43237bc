"""Copies for use beyond the site, made by PS3.15 Annex E: headers, reports, pixels, and the way back."""
