"""DICOM files (PS3.10) <-> data sets, every element as written."""
