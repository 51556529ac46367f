"""Resources of a store that are no FHIR: which one, and by which element, is said instead of where our code met it."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.codecs import fhir
from bridge.errors import InvalidFhirError, PermanentError
from bridge.model.group import Resource

_MET = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What an element of another shape than FHIR gives it leads to, where nobody has validated it."""


def fault_of(resources: Iterable[tuple[str, Resource]], error: Exception) -> Exception:
    """The fault of the first of the resources, each with its key, that is no FHIR; else the error as it is."""
    if not isinstance(error, _MET) or isinstance(error, UnicodeError):
        return error
    for key, resource in resources:
        try:
            fhir.validate(resource)
        except InvalidFhirError as fault:
            return PermanentError(f"{key}: {fault}")
    return error
