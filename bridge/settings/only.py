"""Which documents a route carries; all of them by default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from bridge.errors import UsageError
from bridge.settings.strict import Strict

Some = Annotated[tuple[str, ...], Field(min_length=1)] | None


class Only(Strict):
    categories: Some = None  # of documents born in FHIR: `code`, or `system|code`
    profiles: Some = None  # of those, canonical URLs
    sop_classes: Some = None  # of documents born in DICOM, UIDs
    modalities: Some = None  # of those
    templates: Some = None  # of those, identifier of the root's template
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
        return frozenset(wanted)
