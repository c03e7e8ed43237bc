"""Pixels to views: decode, modality and VOI transform, select, montage, tile, encode."""

from wetread.imaging.prepare import prepare, prepare_instance

__all__ = ["prepare", "prepare_instance"]
