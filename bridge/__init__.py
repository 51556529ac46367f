"""A bridge between FHIR and DICOM: the same patient in both worlds, carried across without loss."""
