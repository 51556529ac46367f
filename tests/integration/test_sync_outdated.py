"""Documents that are in step, and a mapping that was mended since: what it changes crosses, when somebody asks for it;
what it does not change stays as it is."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pydicom
import pytest

from fixtures.stores import lay_out
from tests.command_line import Done, fhir_dicom
from tests.integration.test_sync_edges import heads, observation, predecessors
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_theirs import edited
from tests.integration.test_sync_void import DCM, note, passed

CODE, SITE = "8867-4", "http://site.example/codes"
OTHERS = "concepts:\n  - {fhir: http://site.example/codes 1, dicom: 99SITE 1, name: Something else}\n"
PRIVATE = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"system": SITE, "code": "4711"}]}}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    with_mappings(tmp_path, OTHERS)
    assert once(tmp_path) == {"to-dicom created": 5, "to-fhir created": 1}
    assert once(tmp_path) == {}  # it has seen what it wrote
    assert status(tmp_path)["outdated"] == {}
    return tmp_path


def with_mappings(folder: Path, rows: str) -> None:
    """In a folder of another name each time: a process reads one once."""
    number = len([*folder.glob("mappings-*")])
    (folder / f"mappings-{number}").mkdir()
    (folder / f"mappings-{number}" / "site.yaml").write_text(rows)
    (folder / "bridge.yaml").write_text(f"mappings: {folder}/mappings-{number}\n")


def run(folder: Path, *words: str) -> Done:
    done = fhir_dicom(folder, *words, "--config", "bridge.yaml")
    assert done.returncode == 0, done.stderr
    return done


def status(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, "status", "--json").stdout)
    return found


def once(folder: Path) -> dict[str, int]:
    return acts(passed(folder))


def resend(folder: Path) -> int:
    return int(run(folder, "resend", "fhir-dicom", "--outdated").stdout.split()[0])


def observed(folder: Path, code: str) -> dict[str, Any]:
    """The one Observation of DICOM's own with that code."""
    found = [json.loads(file.read_bytes()) for file in (folder / "data" / "fhir" / "Observation").glob("*.json")]
    one: dict[str, Any]
    (one,) = [one for one in found if code in str(one["code"]) and one["id"] not in ("hr", "alone")]
    return one


TEXT = "concepts:\n  - {fhir: http://site.example/codes 4711, dicom: LN 18844-1, name: Impression}\n"
"""What the sample's TEXT is called in the site's own words."""


def test_what_a_mended_mapping_says_otherwise_crosses_when_it_is_asked_for(stores: Path) -> None:
    before = observed(stores, "18844-1")
    dicom = tree(stores / "data" / "dicom")
    with_mappings(stores, TEXT)
    assert once(stores) == {}, "nobody asked"
    assert status(stores)["outdated"] == {"fhir-dicom": 6}
    assert "translated by an earlier revision: 6" in run(stores, "status").stdout
    assert resend(stores) == 6
    assert once(stores) == {"to-fhir updated": 1}, "the others say what they said"
    after = observed(stores, "4711")
    assert after["id"] == before["id"]
    assert after["valueString"] == before["valueString"]
    assert tree(stores / "data" / "dicom") == dicom
    assert status(stores)["outdated"] == {}
    assert resend(stores) == 0
    assert once(stores) == {}


def test_a_document_of_resources_becomes_a_new_version(stores: Path) -> None:
    put(stores, PRIVATE | {"id": "own", "valueString": "positive"})
    assert once(stores) == {"to-dicom created": 1}
    before, fhir = instances(stores), tree(stores / "data" / "fhir")
    with_mappings(stores, "concepts:\n  - {fhir: http://site.example/codes 4711, dicom: LN 5802-4, name: Nitrite}\n")
    assert resend(stores) == 7
    assert once(stores) == {"to-dicom updated": 1}
    (new,) = [one for uid, one in instances(stores).items() if uid not in before]
    assert predecessors(new)[0] in before
    assert "5802-4" in str(new)
    assert tree(stores / "data" / "fhir") == fhir
    assert (resend(stores), once(stores)) == (0, {})
    with_mappings(stores, OTHERS)  # and back: a UID names one content
    assert resend(stores) == 7
    assert once(stores) == {"to-dicom updated": 1}
    assert len(instances(stores)) == len(before) + 2


FOLD = "shape: observation\nfhir: Observation\nfolds:\n  - [99SITE METH, Methode, CODE, method, concept]\n"


def test_a_fold_that_comes_and_goes_is_no_edit_once_it_is_asked_for(stores: Path) -> None:
    method = {"coding": [{"system": SITE, "code": "ISE", "display": "Ion selective"}]}
    put(stores, PRIVATE | {"id": "own", "valueString": "positive", "method": method})
    assert once(stores) == {"to-dicom created": 1}
    fhir = tree(stores / "data" / "fhir")
    for rows, item in ((FOLD, "Methode"), (OTHERS, "Measurement Method")):
        before = instances(stores)
        with_mappings(stores, rows)
        assert resend(stores) == 7
        assert once(stores) == {"to-dicom updated": 1}
        (new,) = [one for uid, one in instances(stores).items() if uid not in before]
        assert item in str(new) and predecessors(new)[0] in before
        assert tree(stores / "data" / "fhir") == fhir
        assert (resend(stores), once(stores)) == (0, {})


def test_what_the_archive_has_corrected_since_is_no_translation_of_ours(stores: Path) -> None:
    """Its accession number and description stand: a new version would take them back."""
    put(stores, PRIVATE | {"id": "own", "valueString": "positive"})
    once(stores)
    (file,) = [one for one in (stores / "data" / "dicom").rglob("*.dcm") if SITE.encode() in one.read_bytes()]
    dataset = pydicom.dcmread(file)
    dataset.AccessionNumber, dataset.StudyDescription = "A-2", "Corrected"
    dataset.save_as(file)
    done = passed(stores)
    assert acts(done) == {"to-fhir moved": 1}, done.stderr + done.stdout
    after = tree(stores / "data")
    with_mappings(stores, OTHERS.replace("1", "2"))
    resend(stores)
    assert once(stores) == {}
    assert tree(stores / "data") == after


def test_what_says_the_same_by_another_mapping_stays_as_it_is(stores: Path) -> None:
    heart_rate = get(stores, "Observation/hr")
    heart_rate["valueQuantity"]["value"] = 75
    put(stores, heart_rate)
    text = observed(stores, "18844-1")
    put(stores, text | {"valueString": "another", "note": [{"text": "words"}]})
    put(stores, observation("new", 60, effectiveDateTime="2026-03-02"))
    assert once(stores) == {"to-dicom created": 1, "to-dicom updated": 2}
    after = tree(stores / "data")
    with_mappings(stores, OTHERS.replace("1", "2"))
    assert resend(stores) == 7
    assert once(stores) == {}
    assert tree(stores / "data") == after
    assert status(stores)["outdated"] == {}


@pytest.mark.parametrize("conflicts", ["hold", "dicom"])
def test_an_edit_of_what_would_say_otherwise_is_decided_by_a_person(stores: Path, conflicts: str) -> None:
    """What an earlier mapping wrote would be taken for an edit of theirs. The PACS has said nothing that could win."""
    put(stores, observed(stores, "18844-1") | {"valueString": "edited"})
    with_mappings(stores, TEXT)
    with (stores / "bridge.yaml").open("a") as file:
        file.write(f"routes: [{{between: [fhir, dicom], conflicts: {conflicts}}}]\n")
    before = tree(stores / "data")
    assert once(stores) == {}
    assert tree(stores / "data") == before
    (conflict,) = json.loads(run(stores, "conflicts", "--json").stdout)
    run(stores, "conflicts", conflict["name"], "--holds", "dicom")
    assert once(stores) == {"to-fhir updated": 1}
    assert observed(stores, "4711")["valueString"] == "Sinusrhythmus, unauffällig"
    assert (status(stores)["held"], once(stores)) == (0, {})


def test_and_it_may_hold(stores: Path) -> None:
    put(stores, observed(stores, "18844-1") | {"valueString": "edited"})
    with_mappings(stores, TEXT)
    once(stores)
    (conflict,) = json.loads(run(stores, "conflicts", "--json").stdout)
    run(stores, "conflicts", conflict["name"], "--holds", "fhir")
    done = once(stores)
    assert done == {"to-dicom updated": 1, "to-fhir overruled": 1}
    assert any("edited" in str(one) for one in heads(stores))
    assert (status(stores)["held"], once(stores)) == (0, {})


def test_an_edit_of_what_says_the_same_crosses_as_ever(stores: Path) -> None:
    with_mappings(stores, OTHERS.replace("1", "2"))
    put(stores, observed(stores, "18844-1") | {"valueString": "edited"})
    assert once(stores) == {"to-dicom updated": 1}
    assert status(stores)["outdated"] == {"fhir-dicom": 5}


@pytest.mark.parametrize("asked", [False, True])
def test_what_was_entered_in_error_since_is_void(stores: Path, asked: bool) -> None:  # noqa: FBT001
    files = (stores / "data" / "fhir" / "DiagnosticReport").glob("*.json")
    (report,) = [one for file in files if "28010-7" in str(one := json.loads(file.read_bytes()))]
    put(stores, report | {"status": "entered-in-error"})
    with_mappings(stores, TEXT)
    if asked:
        resend(stores)
    assert once(stores) == {"to-dicom retracted": 1}
    assert (status(stores)["held"], once(stores)) == (0, {})


def test_what_somebody_made_of_our_document_is_theirs(stores: Path) -> None:
    put(stores, PRIVATE | {"id": "own", "valueString": "positive"})
    once(stores)
    (ours,) = [one for one in instances(stores).values() if "4711" in str(one)]
    edited(stores, ours, "2.25.4712", "negative")
    assert once(stores) == {"to-fhir updated": 1}
    assert get(stores, "Observation/own")["valueString"] == "negative"
    after = tree(stores / "data")
    with_mappings(stores, "concepts:\n  - {fhir: http://site.example/codes 4711, dicom: LN 5802-4, name: Nitrite}\n")
    resend(stores)
    assert once(stores) == {}
    assert tree(stores / "data") == after


def test_a_rejection_of_what_is_outdated_is_heard(stores: Path) -> None:
    with_mappings(stores, OTHERS.replace("1", "2"))
    (ecg,) = [one for one in instances(stores).values() if "28010-7" in str(one)]
    note(stores, DCM.RejectedForPatientSafetyReasons, ecg)
    assert once(stores) == {"to-fhir noted": 1, "to-fhir retracted": 1}
    assert once(stores) == {}


def test_what_the_filter_leaves_out_since_keeps_nothing_waiting(stores: Path) -> None:
    patient = get(stores, observed(stores, "18844-1")["subject"]["reference"])
    put(stores, patient | {"identifier": [*patient["identifier"], {"system": "urn:mpi", "value": "7"}]})
    (stores / "patients").write_text("urn:mpi|7\n")
    with_mappings(stores, OTHERS.replace("1", "2"))
    only = "routes: [{between: [fhir, dicom], only: {patients: patients}}]\n"
    (stores / "bridge.yaml").write_text((stores / "bridge.yaml").read_text() + only)
    put(stores, observed(stores, "18844-1") | {"valueString": "edited"})
    assert once(stores) == {"to-dicom updated": 1}
    assert once(stores) == {}


@pytest.mark.parametrize("name", ["intended", "applied"])
def test_a_mapping_that_is_taken_back_half_way_is_no_edit(stores: Path, name: str) -> None:
    before, dicom = observed(stores, "18844-1"), tree(stores / "data" / "dicom")
    with_mappings(stores, TEXT)
    resend(stores)
    done = fhir_dicom(stores, "sync", "--once", "--config", "bridge.yaml", BRIDGE_FAILPOINT=f"{name}:1")
    assert done.returncode == -signal.SIGKILL
    with_mappings(stores, OTHERS)
    once(stores)
    assert tree(stores / "data" / "dicom") == dicom, "nobody said what that mapping says"
    for conflict in json.loads(run(stores, "conflicts", "--json").stdout):
        run(stores, "conflicts", conflict["name"], "--holds", "dicom")
    once(stores)
    assert observed(stores, "18844-1") == before
    assert (tree(stores / "data" / "dicom"), once(stores), status(stores)["intents"]) == (dicom, {}, 0)
