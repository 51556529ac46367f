"""Instances that are no documents, small and made here."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

STUDY = "2.25.8001"


def ct(number: int, *, study: str = STUDY, series: str = "2.25.8100", **more: Any) -> FileDataset:
    """One slice; the patient is that of `fixtures/dicom/ecg-report.dcm`."""
    one = FileDataset("", Dataset(), preamble=b"\0" * 128)
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    one.SpecificCharacterSet = "ISO_IR 192"
    one.SOPClassUID, one.SOPInstanceUID = CTImageStorage, f"{series}.{number}"
    one.StudyInstanceUID, one.SeriesInstanceUID = study, series
    one.PatientName, one.PatientID, one.IssuerOfPatientID = "Beispiel^Erika^Maria", "MR-0001", "MY-HOSPITAL"
    one.PatientBirthDate, one.PatientSex = "19590412", "F"
    one.StudyDate, one.StudyTime, one.TimezoneOffsetFromUTC = "20260302", "081500", "+0100"
    one.AccessionNumber, one.StudyID, one.StudyDescription = "A-77", "1", "CT Thorax größer"
    one.ReferringPhysicianName = "Arzt^Anna^^Dr."
    one.Modality, one.SeriesNumber, one.SeriesDescription, one.BodyPartExamined = "CT", 2, "Lunge", "CHEST"
    one.InstanceNumber = number
    one.Rows = one.Columns = 1
    one.BitsAllocated, one.BitsStored, one.HighBit, one.PixelRepresentation = 16, 16, 15, 0
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.PixelData = b"\0\0"
    for keyword, value in more.items():
        setattr(one, keyword, value)
    one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID
    one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    return one


def as_file(dataset: FileDataset) -> bytes:
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def put_in(folder: Path, *datasets: FileDataset) -> list[Path]:
    """As a folder store names them."""
    files = []
    for one in datasets:
        file = folder / one.StudyInstanceUID / one.SeriesInstanceUID / f"{one.SOPInstanceUID}.dcm"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(as_file(one))
        files.append(file)
    return files
