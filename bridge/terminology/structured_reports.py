"""SOP classes whose IOD is a Structured Report (PS3.3 A.35): all have the SR Document Content Module."""

from __future__ import annotations

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_FAMILY = f"{_STORAGE}88."
_OUTSIDE = frozenset(
    {
        f"{_STORAGE}78.6",  # Spectacle Prescription Report, A.35.9
        f"{_STORAGE}79.1",  # Macular Grid Thickness and Volume Report, A.35.11
    }
)
"""Named among the ophthalmic classes that they came with."""


def is_structured_report(sop_class: str) -> bool:
    """Key Object Selection Documents too."""
    return sop_class.startswith(_FAMILY) or sop_class in _OUTSIDE
