"""The real servers, on free loopback ports: HAPI FHIR (Maven Central) and Orthanc (Debian)."""
