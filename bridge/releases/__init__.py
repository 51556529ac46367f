"""FHIR R5 at the edges: everything within translates R4."""
