"""Which documents a route carries; all of them by default. What no document can have is refused: the route would carry
nothing, and look as if it were in step."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field

from bridge.errors import UsageError
from bridge.settings.strict import Strict


def _spelled(pattern: str, remedy: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(remedy)
        return value

    return AfterValidator(check)


_CS = r"(?=.{1,16}$)[A-Z0-9_]+( +[A-Z0-9_]+)*"  # PS3.5 6.2
_UID = r"(?=.{1,64}$)[0-9]+(\.[0-9]+)+"  # PS3.5 9.1
_CODE = r"\S+(\s\S+)*"  # FHIR R4 datatypes, code, with its system before it or without
_URI = r"[A-Za-z][A-Za-z0-9+.-]*:[^\s|]+"  # RFC 3986 3.1, absolute as canonical URLs are

Category = Annotated[str, _spelled(_CODE, "no code; write `code`, or `system|code`, without blanks at an end")]
Profile = Annotated[str, _spelled(_URI, "no canonical URL; write all of it, without a version")]
SopClass = Annotated[str, _spelled(_UID, "no UID; write numbers and dots, not the name of the class")]
Modality = Annotated[str, _spelled(_CS, "no Modality; write it as the instances do, in capitals, such as SR")]
Template = Annotated[
    str, _spelled(rf"(?!TID ?[0-9]){_CODE}", "no Template Identifier; write it as the instances do, such as 1500")
]
One = TypeVar("One")
Some = Annotated[tuple[One, ...], Field(min_length=1)] | None


class Only(Strict):
    categories: Some[Category] = None  # of documents born in FHIR: `code`, or `system|code`
    profiles: Some[Profile] = None  # of those, canonical URLs
    sop_classes: Some[SopClass] = None  # of documents born in DICOM, UIDs
    modalities: Some[Modality] = None  # of those
    templates: Some[Template] = None  # of those, identifier of the root's template
    patients: Path | None = None  # of all: file of lines `system|value`, an identifier each

    def patient_list(self) -> frozenset[str] | None:
        """Raises UsageError naming file and line."""
        if self.patients is None:
            return None
        try:
            lines = self.patients.read_text("utf-8-sig").splitlines()  # Windows marks the beginning
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{self.patients}: cannot be read: {type(error).__name__}; name a file") from error
        wanted = {line.strip(): number for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"}
        for line, number in wanted.items():
            if not line.rpartition("|")[2] or "|" not in line:
                raise UsageError(f"{self.patients}:{number}: no identifier; a line is `system|value`")
        if not wanted:
            raise UsageError(f"{self.patients}: names nobody; write a line `system|value`, or leave `patients` out")
        return frozenset(wanted)
