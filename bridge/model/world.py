"""The two worlds that documents cross between."""

from __future__ import annotations

from typing import Literal

World = Literal["fhir", "dicom"]
