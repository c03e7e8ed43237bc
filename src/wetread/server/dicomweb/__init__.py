"""DICOMweb (PS3.18): search (QIDO-RS), retrieve (WADO-RS) and store (STOW-RS) under `/dicom-web`."""

from fastapi import APIRouter

from wetread.server.dicomweb.frames import router as frames
from wetread.server.dicomweb.metadata import router as metadata
from wetread.server.dicomweb.pictures import router as pictures
from wetread.server.dicomweb.resources import PREFIX
from wetread.server.dicomweb.retrieve import router as retrieve
from wetread.server.dicomweb.search import router as search
from wetread.server.dicomweb.store import router as store

router = APIRouter(prefix=PREFIX, tags=["dicomweb"])
for part in (search, store, metadata, frames, pictures, retrieve):
    router.include_router(part)

__all__ = ["router"]
