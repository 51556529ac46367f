"""Where data lives, one Protocol: folder, fhir, orthanc, dicomweb."""
