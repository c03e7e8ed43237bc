"""How DICOM objects leave over the network: C-STORE, storage commitment, STOW-RS. Needs the extra `server`."""
