"""What the Patient Module (PS3.3 C.7.1.1) says of a patient beside who it is: name, birth date, sex."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.dataset import DataSet, Element, merged
from bridge.model.group import Resource
from bridge.translate.basis.shaped import shaped_to_dicom

_EMPTY = ((0x00100010, "PN"), (0x00100030, "DA"), (0x00100040, "CS"))  # where nothing is known: type 2


def with_demographics(dataset: DataSet, patient: Resource, mapping: Mapping) -> DataSet:
    """An instance of ISO_IR 192 with what the Patient says now; who the patient is, is not touched."""
    empty = (Element(tag, vr, b"") for tag, vr in _EMPTY)
    said = [one for one in shaped_to_dicom(mapping.shapes["patient"], patient) if isinstance(one, Element)]
    return merged(merged(dataset, empty), said)
