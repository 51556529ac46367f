"""Bytes <-> model: DICOM files, JSON, and validation by models that we did not write."""
