"""Code systems and units: what DICOM calls a coding scheme, FHIR a system, and both a unit."""
