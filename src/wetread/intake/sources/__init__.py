"""Where studies are fetched from: watched folders, DICOMweb servers, DICOM nodes. It needs the extra `server`."""
