"""Tags of PS3.6 that the bridge names, and what depends on them alone."""

from __future__ import annotations

SPECIFIC_CHARACTER_SET, SOP_CLASS_UID, SOP_INSTANCE_UID = 0x00080005, 0x00080016, 0x00080018
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
ISSUER, QUALIFIERS = 0x00100021, 0x00100024  # Issuer of Patient ID, and its Qualifiers Sequence
ENTITY_ID, ENTITY_TYPE = 0x00400032, 0x00400033  # Universal Entity ID, and its type
IDENTITY_REMOVED, MODALITY = 0x00120062, 0x00080060
STUDY_UID, SERIES_UID = 0x0020000D, 0x0020000E
CONTENT_DATE, CONTENT_TIME, TIMEZONE_OFFSET = 0x00080023, 0x00080033, 0x00080201
COMPLETION, VERIFICATION, PRELIMINARY = 0x0040A491, 0x0040A493, 0x0040A496
VERIFYING_OBSERVERS, PREDECESSORS, REFERENCED_SERIES = 0x0040A073, 0x0040A360, 0x00081115
OF_ORIGINAL = (0x0040A525, 0x01000410, 0x01000420, 0x01000424, 0x01000426)
"""Identical Documents, SOP Instance Status, and who authorized it when (PS3.3 C.12.1.1.3): true of no successor."""
PARTICIPANTS = 0x0040A07A  # Participant Sequence
SERIES_NUMBER, INSTANCE_NUMBER = 0x00200011, 0x00200013
SIGNATURES = (0xFFFAFFFA, 0x4FFE0001)  # Digital Signatures Sequence, MAC Parameters Sequence

# content items, PS3.3 C.17.3 and C.18
CONTENT, RELATIONSHIP, VALUE_TYPE, CONCEPT = 0x0040A730, 0x0040A010, 0x0040A040, 0x0040A043
TEMPLATE, TEMPLATE_ID, MAPPING_RESOURCE = 0x0040A504, 0x0040DB00, 0x00080105
CONTINUITY, MEASURED, QUALIFIER, CONCEPT_CODE = 0x0040A050, 0x0040A300, 0x0040A301, 0x0040A168
UNITS, NUMERIC, FLOATING = 0x004008EA, 0x0040A30A, 0x0040A161
REFERENCED_SOP, SOP_CLASS, SOP_INSTANCE, REFERENCED_ITEM = 0x00081199, 0x00081150, 0x00081155, 0x0040DB73
FRAMES, SEGMENTS, CHANNELS = 0x00081160, 0x0062000B, 0x0040A0B0
GRAPHIC_DATA, GRAPHIC_TYPE, FRAME_OF_REFERENCE = 0x00700022, 0x00700023, 0x30060024
OBSERVATION_DATETIME, OBSERVATION_UID = 0x0040A032, 0x0040A171

CODE_SEQUENCES = frozenset({CONCEPT, CONCEPT_CODE, UNITS, QUALIFIER, TEMPLATE})
"""The same all over a report, and its neighbours: what is found out of one holds for all its occurrences."""

PLAIN: dict[str, tuple[int, str]] = {  # value type -> its attribute and VR
    "TEXT": (0x0040A160, "UT"),
    "DATE": (0x0040A121, "DA"),
    "TIME": (0x0040A122, "TM"),
    "DATETIME": (0x0040A120, "DT"),
    "UIDREF": (0x0040A124, "UI"),
    "PNAME": (0x0040A123, "PN"),
}
VALUE_TAGS = frozenset(
    {
        VALUE_TYPE,
        CONTINUITY,
        MEASURED,
        QUALIFIER,
        CONCEPT_CODE,
        REFERENCED_SOP,
        REFERENCED_ITEM,
        GRAPHIC_DATA,
        GRAPHIC_TYPE,
        FRAME_OF_REFERENCE,
        0x00480301,  # Pixel Origin Interpretation
        0x0040A130,
        0x0040A132,
        0x0040A138,
        0x0040A13A,  # TCOORD
        0x0040A801,  # Tabulated Values Sequence
        *(tag for tag, _ in PLAIN.values()),
    }
)
"""What makes up the value of a content item: these elements stand and fall together."""

SEGMENTATION, WAVEFORMS = "1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.9."


def subset_tag(sop_class: str) -> int:
    """What a part of an instance is named by: segment, waveform channel (multiplex group and channel), or frame."""
    if sop_class.startswith(WAVEFORMS):
        return CHANNELS
    return SEGMENTS if sop_class == SEGMENTATION else FRAMES


STUDY_TAGS = (
    SPECIFIC_CHARACTER_SET,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    0x00080020,  # Study Date
    0x00080030,  # Study Time
    0x00080050,  # Accession Number
    0x00080051,  # Issuer of Accession Number Sequence
    0x00080060,  # Modality
    0x00080090,  # Referring Physician's Name
    TIMEZONE_OFFSET,
    0x00081030,  # Study Description
    0x0008103E,  # Series Description
    0x00081032,  # Procedure Code Sequence
    0x00100010,  # Patient's Name
    PATIENT_ID,
    ISSUER,
    QUALIFIERS,
    0x00100030,  # Patient's Birth Date
    0x00100040,  # Patient's Sex
    0x00101002,  # Other Patient IDs Sequence
    IDENTITY_REMOVED,
    0x00180015,  # Body Part Examined
    STUDY_UID,
    SERIES_UID,
    SERIES_NUMBER,
    INSTANCE_NUMBER,
)
"""What an ImagingStudy says of an instance, and who its patient is (PS3.3 C.7.1.1, C.7.2.1, C.7.3.1)."""
