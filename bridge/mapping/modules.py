"""What pairs may name: attributes of modules of an SR (PS3.3 A.35), and elements that translation leaves to them."""

from __future__ import annotations


def _of(*words: str) -> frozenset[str]:
    return frozenset(" ".join(words).split())


_PATIENT_STUDY = "AdmittingDiagnosesDescription AdmissionID ServiceEpisodeID ServiceEpisodeDescription ReasonForVisit"
MODULES = {  # shape -> sections of PS3.3, and keywords; identity, times and sequences of codes are not among them
    "patient": (
        "Patient (PS3.3 C.7.1.1), Patient Demographic (C.2.3) or Patient Study (C.7.2.2)",
        _of(
            "PatientName PatientBirthDate PatientBirthTime PatientSex PatientBirthDateInAlternativeCalendar",
            "PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar OtherPatientNames EthnicGroup",
            "PatientComments PatientSpeciesDescription PatientBreedDescription StrainDescription StrainNomenclature",
            "StrainAdditionalInformation ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization",
            "PatientAge PatientSize PatientWeight PatientBodyMassIndex PatientAddress PatientTelephoneNumbers",
            "PatientTelecomInformation PatientBirthName PatientMotherBirthName CountryOfResidence RegionOfResidence",
            "PatientReligiousPreference MilitaryRank BranchOfService MedicalAlerts Allergies SmokingStatus",
            "PregnancyStatus LastMenstrualDate PatientSexNeutered Occupation AdditionalPatientHistory",
        ),
    ),
    "study": (
        "General Study (PS3.3 C.7.2.1) or Patient Study (C.7.2.2)",
        _of(
            "StudyDescription StudyID ReferringPhysicianName ConsultingPhysicianName PhysiciansOfRecord",
            "NameOfPhysiciansReadingStudy RequestingService AdditionalPatientHistory",
            _PATIENT_STUDY,
        ),
    ),
    "equipment": (
        "General Equipment (PS3.3 C.7.5.1)",
        _of(
            "Manufacturer ManufacturerModelName ManufacturerDeviceClassUID DeviceSerialNumber SoftwareVersions",
            "DeviceUID InstitutionName InstitutionAddress InstitutionalDepartmentName StationName GantryID",
            "SpatialResolution DateOfManufacture DateOfInstallation DateOfLastCalibration TimeOfLastCalibration",
        ),
    ),
}
_OF_ALL = "id meta implicitRules language text contained extension modifierExtension identifier status"
OWN = {"PatientName": "name", "PatientBirthDate": "birthDate", "PatientSex": "gender"}
"""Attributes and elements by which people tell patients apart: neither goes with another."""
TAKEN = {  # shape -> elements that translation writes by itself, or leaves to the server
    "patient": _of(_OF_ALL, "active link"),
    "study": _of(
        _OF_ALL, "subject encounter started modality referrer procedureCode numberOfSeries numberOfInstances series"
    ),
    "equipment": _of(_OF_ALL, "deviceName location patient property"),
}
