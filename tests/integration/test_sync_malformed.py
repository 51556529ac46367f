"""Resources that are no FHIR, in a folder or on a server that lets them in: each is named, and stops no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.settings.only import Only
from tests.integration.test_sync_edges import observation
from tests.integration.test_sync_folders import acts, put, sync
from tests.integration.test_sync_reviewed import numbers


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    (tmp_path / "data" / "dicom").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "element, value",
    [
        ("subject", "Patient/p"),
        ("subject", {"reference": 5}),
        ("meta", "x"),
        ("meta", {"profile": None}),
        ("contained", [None]),
        ("bodySite", ["x"]),
        ("note", [{"text": {"x": "y"}}]),
        ("referenceRange", [[]]),
    ],
)
def test_an_element_of_another_shape_is_named(stores: Path, element: str, value: Any) -> None:
    put(stores, observation("good", 1))
    put(stores, observation("bad", 2) | {element: value})
    done = sync(stores)
    assert (acts(done), numbers(stores)) == ({"to-dicom created": 1}, [1])
    assert f"invalid Observation: {element}" in done.stderr
    assert ".py" not in done.stderr


@pytest.mark.parametrize("links", ["x", [None], [{"type": "replaced-by", "other": None}],
                                   [{"type": "replaced-by", "other": {"reference": None}}]])  # fmt: skip
def test_a_patient_with_links_that_are_none_stops_nobody(stores: Path, links: Any) -> None:
    put(stores, observation("good", 1))
    put(stores, {"resourceType": "Patient", "id": "bad", "link": links})
    put(stores, observation("his", 2) | {"subject": {"reference": "Patient/bad"}})
    done = sync(stores)
    assert (acts(done), numbers(stores)) == ({"to-dicom created": 1}, [1])
    assert "invalid Patient: link" in done.stderr


def test_a_list_of_patients_from_windows_has_its_first_line(stores: Path) -> None:
    (stores / "patients").write_bytes("\ufeffurn:mrn|1\r\nurn:mrn|2\r\n".encode())
    assert Only(patients=stores / "patients").patient_list() == frozenset({"urn:mrn|1", "urn:mrn|2"})
