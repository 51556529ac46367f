"""A release of FHIR that resources are written in."""

from __future__ import annotations

from typing import Literal

Release = Literal["R4", "R5"]
