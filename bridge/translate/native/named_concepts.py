"""Concepts that several modules name: of the subject (PS3.16 TID 1006 to 1010), of participants (TID 1020), of a value
that is unknown, of a result whose code DICOM cannot hold."""

from __future__ import annotations

from bridge.model.content import Code
from bridge.model.names import PRIVATE_SCHEME

SUBJECT_CLASS, PATIENT = Code("121024", "DCM", "Subject Class"), Code("121025", "DCM", "Patient")
FETUS_ID = Code("11951-1", "LN", "Fetus ID")
SUBJECT_ID = Code("121030", "DCM", "Subject ID")
FETUS, SPECIMEN = Code("121026", "DCM", "Fetus"), Code("121027", "DCM", "Specimen")
DEVICE_SUBJECT = Code("121192", "DCM", "Device Subject")
SPECIMEN_ID, DEVICE_SUBJECT_NAME = (
    Code("121041", "DCM", "Specimen Identifier"),
    Code("121193", "DCM", "Device Subject Name"),
)
SUBJECT_NAME, MOTHER_OF_FETUS = Code("121029", "DCM", "Subject Name"), Code("121036", "DCM", "Mother of fetus")
PARTICIPANT_NAME = Code("113870", "DCM", "Person Name")
PERSON_ROLE = Code("113875", "DCM", "Person Role in Procedure")
PERSON_ID, PERSON_ID_ISSUER = Code("113871", "DCM", "Person ID"), Code("113872", "DCM", "Person ID Issuer")
ORGANIZATION = Code("113873", "DCM", "Organization Name")
ORGANIZATION_ROLE = Code("113874", "DCM", "Person Role in Organization")
UNNAMED = Code("unknown", PRIVATE_SCHEME, "Unknown")
"""Of a result or a component: every fact has a Concept Name (PS3.3 table C.17-5). Part 16 has no concept for it."""
FINDING, VALUE_UNKNOWN = Code("121071", "DCM", "Finding"), Code("114010", "DCM", "Value unknown")
