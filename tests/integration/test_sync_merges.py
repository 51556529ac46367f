"""Patients that are merged, and taken apart again: two folder stores."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pydicom
import pytest

from bridge.ledger.ledger import Ledger
from bridge.sync.run import once
from tests.command_line import fhir_dicom
from tests.folders import MAPPING, copied, route_of
from tests.integration.test_sync_edges import observation, store
from tests.integration.test_sync_folders import acts, get, instances, put, tree
from tests.integration.test_sync_void import configure, open_points, passed
from tests.judges import judge

QUIET = {"owed": 0, "absent": 0, "held": 0, "dead": 0, "intents": 0, "conflicts": 0, "paused": {}}
SYSTEM = "urn:oid:1.2.276.0.76.3.1"


def patient(name: str, number: str, **more: Any) -> dict[str, Any]:
    identifier = [{"system": SYSTEM, "value": number}]
    person = {"name": [{"family": "Beispiel", "given": [name.upper()]}], "birthDate": "1959-04-12", "gender": "female"}
    return {"resourceType": "Patient", "id": name, "identifier": identifier, **person, **more}


A, B = patient("a", "1"), patient("b", "2")
REPLACED = B | {"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/a"}}]}
SURVIVING = A | {"link": [{"type": "replaces", "other": {"reference": "Patient/b"}}]}


def of(key: str) -> dict[str, Any]:
    return {"subject": {"reference": f"Patient/{key}"}}


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    (tmp_path / "data" / "dicom").mkdir(parents=True)
    put(tmp_path, A)
    put(tmp_path, B)
    put(tmp_path, observation("of-a", 50, **of("a")))
    put(tmp_path, observation("of-b", 60, **of("b")))
    configure(tmp_path, merges="follow")
    assert acts(passed(tmp_path)) == {"to-dicom created": 2}
    put(tmp_path, observation("of-b", 61, **of("b")))
    assert acts(passed(tmp_path)) == {"to-dicom updated": 1}
    assert acts(passed(tmp_path)) == {}
    return tmp_path


def merge(stores: Path) -> None:
    put(stores, REPLACED)
    put(stores, SURVIVING)


def unmerge(stores: Path) -> None:
    put(stores, B)
    put(stores, A)


def repoint(stores: Path, key: str) -> None:
    put(stores, get(stores, "Observation/of-b") | of(key))


def filed(stores: Path) -> list[str]:
    """Patient IDs of all instances."""
    return sorted(str(one.PatientID) for one in instances(stores).values())


def rests(stores: Path) -> None:
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, QUIET), done.stderr
    before = tree(stores / "data")
    done = passed(stores)
    assert (acts(done), open_points(done)) == ({}, QUIET), done.stderr
    assert tree(stores / "data") == before


@pytest.mark.parametrize("repointed", ["never", "at once", "later"])
def test_all_versions_are_filed_under_the_survivor_and_come_back(stores: Path, repointed: str) -> None:
    before, bytes_before = instances(stores), tree(stores / "data" / "dicom")
    merge(stores)
    if repointed == "at once":
        repoint(stores, "a")
    done = passed(stores)
    assert acts(done) == {"to-dicom merged": 1}, done.stderr
    after = instances(stores)
    assert after.keys() == before.keys()
    assert filed(stores) == ["1", "1", "1"]
    for uid, one in after.items():
        assert (one.PatientName, one.StudyInstanceUID) == ("Beispiel^A", before[uid].StudyInstanceUID)
        assert one.ContentSequence == before[uid].ContentSequence
    files = list((stores / "data" / "dicom").rglob("*.dcm"))
    assert {file.name: said for file, said in judge(files).items() if said} == {}
    rests(stores)
    if repointed == "later":
        repoint(stores, "a")
        assert set(acts(passed(stores))) == {"to-dicom agreed"}
        rests(stores)
    unmerge(stores)
    if repointed != "never":
        assert acts(passed(stores)) == {}  # its resources say A's, still
        repoint(stores, "b")
    done = passed(stores)
    assert acts(done) == {"to-dicom unmerged": 1}, done.stderr
    assert tree(stores / "data" / "dicom") == bytes_before
    rests(stores)


POINTS = [("taken-in", 1), ("claimed", 1), ("agreed", 1)]
POINTS += [(name, passage) for name in ("intended", "filed", "applied") for passage in (1, 2)]


@pytest.mark.parametrize(("name", "passage"), POINTS)
@pytest.mark.parametrize("back", [False, True])
def test_a_kill_at_any_step_is_completed_by_the_next_pass(stores: Path, name: str, passage: int, back: bool) -> None:
    merge(stores)
    repoint(stores, "a")
    if back:
        passed(stores)
        unmerge(stores)
        repoint(stores, "b")
    undisturbed = copied(stores)
    assert passed(undisturbed).returncode == 0
    line = ("sync", "--once", "--json", "--config", "bridge.yaml")
    killed = fhir_dicom(stores, *line, BRIDGE_FAILPOINT=f"{name}:{passage}").returncode
    assert killed == -signal.SIGKILL
    done = passed(stores)
    assert (done.returncode, open_points(done)) == (0, QUIET), done.stderr
    assert filed(stores) == (["1", "2", "2"] if back else ["1", "1", "1"])
    assert timeless(instances(stores)) == timeless(instances(undisturbed))
    rests(stores)


def timeless(found: dict[str, pydicom.Dataset]) -> dict[str, pydicom.Dataset]:
    """A folder does not say when a Patient was merged, so the time of the pass is taken."""
    for one in found.values():
        for original in one.get("OriginalAttributesSequence", ()):
            del original.AttributeModificationDateTime
    return found


def test_several_workers_move_each_document_once(stores: Path) -> None:
    for number in range(24):
        put(stores, observation(f"more-{number}", number, **of("b")))
    passed(stores)
    before = tree(stores / "data" / "dicom")
    for change, act, number in ((merge, "merged", 27), (unmerge, "unmerged", 1)):
        change(stores)
        done = passed(stores, "--workers", "4")
        assert acts(done) == {f"to-dicom {act}": 25}, done.stderr
        assert filed(stores).count("1") == number
        rests(stores)
    assert tree(stores / "data" / "dicom") == before


def test_a_merge_is_held_where_the_route_does_not_say_otherwise(stores: Path) -> None:
    configure(stores)
    before = tree(stores / "data" / "dicom")
    merge(stores)
    put(stores, observation("new", 70, **of("b")))
    done = passed(stores)
    assert (acts(done), open_points(done)["held"]) == ({}, 2)
    assert "Patient/b is replaced by Patient/a" in done.stderr
    assert tree(stores / "data" / "dicom") == before
    unmerge(stores)
    assert acts(passed(stores)) == {"to-dicom created": 1}
    rests(stores)


def test_a_dry_run_says_what_it_would_do(stores: Path) -> None:
    merge(stores)
    before = tree(stores / "data")
    line = ("sync", "--once", "--dry-run", "--json", "--config", "bridge.yaml")
    done = fhir_dicom(stores, *line)
    (planned,) = json.loads(done.stdout)["plans"]
    assert planned.startswith("merge Observation/of-b in dicom: 2.25.")
    assert tree(stores / "data") == before
    assert acts(passed(stores)) == {"to-dicom merged": 1}


def test_what_was_moved_is_listed_and_in_the_trail(stores: Path) -> None:
    merge(stores)
    passed(stores)
    ledger = Ledger(f"sqlite:///{stores}/bridge.db", reading=True)
    (way,) = ledger.view.documents("Observation/of-b")
    ledger.close()
    assert {(one["replaced"], one["survivor"]) for one in way["merged"]} == {("Patient/b", "Patient/a")}
    assert [one["instance"] for one in way["merged"]] == sorted(way["link"]["chain"])
    done = way["done"][-1]
    said = json.dumps(done["entity"])
    assert done["purposeOfEvent"] == [{"text": "merge"}]
    assert all(name in said for name in ("Patient/a", "Patient/b", *way["link"]["chain"]))
    assert "Beispiel" not in json.dumps(way)


def test_a_merge_that_is_undone_is_held_too_where_the_route_says_so(stores: Path) -> None:
    merge(stores)
    passed(stores)
    configure(stores)
    unmerge(stores)
    done = passed(stores)
    assert "Patient/b is replaced no more" in done.stderr
    assert filed(stores) == ["1", "1", "1"]


@pytest.mark.parametrize(
    ("b", "others", "reason"),
    [
        (["a"], [A | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/b"}}]}], "in a circle"),
        (["b"], [], "in a circle"),
        (["a", "c"], [], "is replaced by Patient/a and by Patient/c"),
        (["nobody"], [], "replaced by Patient/nobody, which is not there"),
        (["a"], [A | {"active": False}], "the last one is inactive"),
        (["a"], [A | {"identifier": [{"system": "urn:oid:1.2.3", "value": "1"}]}], "different issuers"),
        (["http://elsewhere/fhir/Person/a"], [], "no Patient of this server"),
    ],
)
def test_what_is_not_clear_is_held(stores: Path, b: list[str], others: list[dict[str, Any]], reason: str) -> None:
    before = tree(stores / "data" / "dicom")
    links = [{"type": "replaced-by", "other": {"reference": one if ":" in one else f"Patient/{one}"}} for one in b]
    put(stores, B | {"active": False, "link": links})
    for other in others:
        put(stores, other)
    done = passed(stores)
    assert reason in done.stderr
    assert not {"Beispiel", "1959"} & set(done.stderr.split())
    assert tree(stores / "data" / "dicom") == before
    put(stores, get(stores, "Observation/of-b") | {"status": "entered-in-error"})  # crosses all the same
    assert acts(passed(stores)) == {"to-dicom retracted": 1}


def test_chains_of_merges_are_followed_and_undone_step_by_step(stores: Path) -> None:
    before = tree(stores / "data" / "dicom")
    put(stores, patient("c", "3"))
    merge(stores)
    assert acts(passed(stores)) == {"to-dicom merged": 1}
    put(stores, A | {"link": [{"type": "replaced-by", "other": {"reference": "Patient/c"}}]})
    assert acts(passed(stores)) == {"to-dicom merged": 2}
    assert filed(stores) == ["3", "3", "3"]
    rests(stores)
    put(stores, SURVIVING)
    assert acts(passed(stores)) == {"to-dicom merged": 1, "to-dicom unmerged": 1}
    assert filed(stores) == ["1", "1", "1"]
    rests(stores)
    unmerge(stores)
    assert acts(passed(stores)) == {"to-dicom unmerged": 1}
    assert tree(stores / "data" / "dicom") == before


@pytest.mark.parametrize("repointed", [False, True])
def test_an_edit_after_a_merge_is_the_survivors(stores: Path, repointed: bool) -> None:
    merge(stores)
    put(stores, observation("of-b", 62, **of("a" if repointed else "b")))
    done = passed(stores)
    assert acts(done) == {"to-dicom merged": 1, "to-dicom updated": 1}, done.stderr
    assert filed(stores) == ["1"] * 4
    rests(stores)
    if not repointed:
        put(stores, observation("of-b", 62, **of("a")))
        assert acts(passed(stores)) == {"to-dicom agreed": 1}
        rests(stores)
    unmerge(stores)
    put(stores, observation("of-b", 62, **of("b")))
    done = passed(stores)
    assert "held: fhir-dicom: fhir: Observation/of-b" in done.stderr and "Patient/a" in done.stderr
    assert filed(stores) == ["1"] * 4


@pytest.mark.parametrize("repointed", [False, True])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_ledger_changes_nothing(stores: Path, repointed: bool, when: str) -> None:
    origin = tree(stores / "data" / "dicom")
    merge(stores)
    if repointed:
        repoint(stores, "a")
    if when == "after":
        passed(stores)
        kept = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    passed(stores)
    assert filed(stores) == ["1"] * 3
    if when == "after":
        assert tree(stores / "data") == kept
    rests(stores)
    unmerge(stores)
    repoint(stores, "b")
    assert acts(passed(stores)) == {"to-dicom unmerged": 1}
    assert tree(stores / "data" / "dicom") == origin


def test_what_others_have_changed_is_theirs_to_move(stores: Path) -> None:
    """A former version of ours, under whose UID the archive has other content since: all of the document stays."""
    former = next(one for one in instances(stores).values() if 60 in [_number(each) for each in numbers(one)])
    (file,) = (stores / "data" / "dicom").rglob(f"{former.SOPInstanceUID}.dcm")
    numbers(former)[0].MeasuredValueSequence[0].NumericValue = "160"
    former.save_as(file)
    before = tree(stores / "data" / "dicom")
    merge(stores)
    done = passed(stores)
    assert "was written or changed by others, and is theirs to move" in done.stderr
    assert tree(stores / "data" / "dicom") == before


def _number(item: pydicom.Dataset) -> float:
    return float(item.MeasuredValueSequence[0].NumericValue)


def test_what_was_rejected_goes_along_with_its_note(stores: Path) -> None:
    put(stores, get(stores, "Observation/of-b") | {"status": "entered-in-error"})
    assert acts(passed(stores)) == {"to-dicom retracted": 1}
    before = tree(stores / "data" / "dicom")
    merge(stores)
    assert acts(passed(stores)) == {"to-dicom merged": 1}
    assert filed(stores) == ["1"] * 4
    files = list((stores / "data" / "dicom").rglob("*.dcm"))
    assert {file.name: said for file, said in judge(files).items() if said} == {}
    rests(stores)
    unmerge(stores)
    assert acts(passed(stores)) == {"to-dicom unmerged": 1}
    assert tree(stores / "data" / "dicom") == before


def test_demographics_of_the_survivor_are_propagated(stores: Path) -> None:
    configure(stores, merges="follow", demographics="propagate")
    before = tree(stores / "data" / "dicom")
    merge(stores)
    passed(stores)
    put(stores, SURVIVING | {"name": [{"family": "Anders"}]})
    assert acts(passed(stores)) == {"to-dicom demographics": 2}
    rests(stores)
    put(stores, B)
    assert acts(passed(stores)) == {"to-dicom unmerged": 1}
    of_b = {name: data for name, data in before.items() if tree(stores / "data" / "dicom")[name] == data}
    assert len(of_b) == 2


# -- born in DICOM --------------------------------------------------------------------------------------------------
@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "data" / "fhir").mkdir(parents=True)
    put(tmp_path, A)
    put(tmp_path, B)
    sent(tmp_path, "2.25.9001", "text 1")
    configure(tmp_path, merges="follow")
    assert acts(passed(tmp_path)) == {"to-fhir created": 1}
    assert subjects(tmp_path) == {"Patient/b"}
    return tmp_path


def sent(stores: Path, uid: str, text: str, predecessor: str | None = None, number: str = "2") -> None:
    store(
        stores, uid, text, predecessor,
        PatientID=number, PatientName="Beispiel", PatientBirthDate="19590412", PatientSex="F",
    )  # fmt: skip
    for file in (stores / "data" / "dicom").rglob(f"{uid}.dcm"):
        one = pydicom.dcmread(file)
        qualifiers = pydicom.Dataset()
        qualifiers.UniversalEntityID, qualifiers.UniversalEntityIDType = SYSTEM.removeprefix("urn:oid:"), "ISO"
        one.IssuerOfPatientIDQualifiersSequence = [qualifiers]
        one.save_as(file)


def documents(stores: Path) -> list[Path]:
    fhir = stores / "data" / "fhir"
    return [file for kind in ("DiagnosticReport", "Composition", "Observation") for file in (fhir / kind).glob("*")]


def subjects(stores: Path) -> set[str]:
    return {json.loads(file.read_bytes())["subject"]["reference"] for file in documents(stores)}


def repoint_all(stores: Path, key: str) -> None:
    for file in documents(stores):
        file.write_text(json.dumps(json.loads(file.read_bytes()) | of(key)))


def test_what_is_there_stays_and_what_comes_in_is_the_survivors_until_that_is_undone(archive: Path) -> None:
    merge(archive)
    assert acts(passed(archive)) == {}
    assert subjects(archive) == {"Patient/b"}
    sent(archive, "2.25.9002", "text 2")
    before = tree(archive / "data" / "dicom")
    assert acts(passed(archive)) == {"to-fhir created": 1}
    assert subjects(archive) == {"Patient/a", "Patient/b"}
    rests(archive)
    unmerge(archive)
    done = passed(archive)
    assert acts(done) == {"to-fhir updated": 1}, done.stderr
    assert subjects(archive) == {"Patient/b"}
    assert tree(archive / "data" / "dicom") == before
    rests(archive)


def test_a_new_version_after_a_merge_is_the_survivors(archive: Path) -> None:
    merge(archive)
    sent(archive, "2.25.9002", "text 2", "2.25.9001")
    done = passed(archive)
    assert acts(done) == {"to-fhir updated": 1}, done.stderr
    reports = [file for file in documents(archive) if file.parent.name == "DiagnosticReport"]
    assert [json.loads(file.read_bytes())["subject"]["reference"] for file in reports] == ["Patient/a"]
    rests(archive)
    unmerge(archive)
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert [json.loads(file.read_bytes())["subject"]["reference"] for file in reports] == ["Patient/b"]
    rests(archive)


def test_a_version_of_ours_after_a_merge_comes_back_with_the_others(archive: Path) -> None:
    merge(archive)
    sent(archive, "2.25.9002", "text 2", "2.25.9001")
    passed(archive)
    (file,) = reports(archive)
    put(archive, json.loads(file.read_bytes()) | {"conclusion": "said in FHIR"})
    assert acts(passed(archive)) == {"to-dicom updated": 1}
    rests(archive)
    unmerge(archive)
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert json.loads(file.read_bytes())["subject"]["reference"] == "Patient/b"
    assert json.loads(file.read_bytes())["conclusion"] == "said in FHIR"
    rests(archive)


def test_versions_that_came_in_between_two_merges_are_written_once(archive: Path) -> None:
    """Each knows another survivor: that of the newest counts."""
    merge(archive)
    sent(archive, "2.25.9002", "text 2", "2.25.9001")
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    sent(archive, "2.25.9003", "text 3", "2.25.9002")
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    put(archive, patient("c", "3"))
    put(archive, SURVIVING | {"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/c"}}]})
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert {json.loads(file.read_bytes())["subject"]["reference"] for file in reports(archive)} == {"Patient/c"}
    fhir_dicom(archive, "resend", "fhir-dicom", "--config", "bridge.yaml")
    rests(archive)
    put(archive, SURVIVING)
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert {json.loads(file.read_bytes())["subject"]["reference"] for file in reports(archive)} == {"Patient/a"}
    rests(archive)


def reports(stores: Path) -> list[Path]:
    return list((stores / "data" / "fhir" / "DiagnosticReport").glob("*"))


def test_a_document_that_comes_in_for_a_replaced_patient_is_held_by_default(archive: Path) -> None:
    configure(archive)
    merge(archive)
    sent(archive, "2.25.9002", "text 2")
    done = passed(archive)
    assert "Patient/b is replaced by Patient/a" in done.stderr
    assert (acts(done), open_points(done)["held"]) == ({}, 1)
    unmerge(archive)
    fhir_dicom(archive, "retry", "--config", "bridge.yaml")
    assert acts(passed(archive)) == {"to-fhir created": 1}
    assert subjects(archive) == {"Patient/b"}


def test_an_identifier_that_the_survivor_has_taken_over_is_no_second_person(archive: Path) -> None:
    merge(archive)
    old = B["identifier"][0] | {"use": "old"}
    put(archive, SURVIVING | {"identifier": [*A["identifier"], old]})
    sent(archive, "2.25.9002", "text 2")
    assert acts(passed(archive)) == {"to-fhir created": 1}
    assert subjects(archive) == {"Patient/a", "Patient/b"}
    put(archive, B)  # and the survivor keeps it
    assert acts(passed(archive)) == {"to-fhir updated": 1}
    assert subjects(archive) == {"Patient/b"}


@pytest.mark.parametrize("pacs", ["never", "before", "after", "at once"])
def test_resources_that_are_pointed_to_the_survivor_and_an_archive_that_merges(archive: Path, pacs: str) -> None:
    if pacs == "before":
        sent(archive, "2.25.9001", "text 1", number="1")
        assert acts(passed(archive)) == {"to-fhir updated": 1}
        assert subjects(archive) == {"Patient/a"}
    merge(archive)
    repoint_all(archive, "a")
    if pacs == "at once":
        sent(archive, "2.25.9001", "text 1", number="1")
    done = passed(archive)
    expected = {"never": {"to-dicom agreed": 1}, "after": {"to-dicom agreed": 1}, "at once": {"to-fhir updated": 1}}
    assert acts(done) == expected.get(pacs, {}), done.stderr
    if pacs == "after":
        sent(archive, "2.25.9001", "text 1", number="1")
        done = passed(archive)
        assert acts(done) == {"to-fhir updated": 1}, done.stderr
    assert subjects(archive) == {"Patient/a"}
    rests(archive)
    unmerge(archive)
    repoint_all(archive, "b")
    done = passed(archive)
    if pacs == "never":
        assert set(acts(done)) == {"to-dicom adopted"}, done.stderr
        assert acts(passed(archive)) == {}
    else:
        assert acts(done) == {}
        assert "held" in done.stderr
        sent(archive, "2.25.9001", "text 1")
        passed(archive)
    rests(archive)
    assert subjects(archive) == {"Patient/b"}


def test_an_edit_stays_beside_what_the_archive_has_not_merged(archive: Path) -> None:
    merge(archive)
    repoint_all(archive, "a")
    passed(archive)
    (result,) = [file for file in documents(archive) if "valueString" in json.loads(file.read_bytes())]
    result.write_text(json.dumps(json.loads(result.read_bytes()) | {"valueString": "text 2"}))
    done = passed(archive)
    assert acts(done) == {"to-dicom updated": 1}, done.stderr
    assert filed(archive) == ["2", "2"]
    rests(archive)


# -- the archive merges, too ----------------------------------------------------------------------------------------
def move_in_archive(stores: Path, number: str, name: str) -> None:
    """As IHE PIR has it: UIDs stay."""
    for file in (stores / "data" / "dicom").rglob("*.dcm"):
        one = pydicom.dcmread(file)
        if one.StudyInstanceUID in {other.StudyInstanceUID for other in instances(stores).values()} and is_of_b(one):
            one.PatientID, one.PatientName = number, name
            one.save_as(file)


def is_of_b(one: pydicom.Dataset) -> bool:
    return any(item.MeasuredValueSequence[0].NumericValue in (60, 61) for item in numbers(one))


def numbers(item: pydicom.Dataset) -> list[pydicom.Dataset]:
    found = [item] if item.ValueType == "NUM" else []
    return found + [one for child in item.get("ContentSequence", ()) for one in numbers(child)]


@pytest.mark.parametrize("merges", ["follow", "hold"])
@pytest.mark.parametrize("first", ["archive", "both"])
@pytest.mark.parametrize("repointed", [False, True])
def test_an_archive_that_moves_what_we_wrote_is_followed(
    stores: Path, merges: str, first: str, repointed: bool
) -> None:
    configure(stores, merges=merges)
    before = tree(stores / "data" / "fhir")
    move_in_archive(stores, "1", "Beispiel^A")
    if first == "archive":
        done = passed(stores)
        assert acts(done) == {"to-fhir moved": 1}
        assert "has moved it to another patient than Patient/b" in done.stderr
        assert open_points(done)["held"] == 1
        assert tree(stores / "data" / "fhir") == before
    archived = tree(stores / "data" / "dicom")
    merge(stores)
    if repointed:
        repoint(stores, "a")
    done = passed(stores)
    assert set(acts(done)) <= {"to-fhir moved", "to-dicom agreed"}, done.stderr
    assert tree(stores / "data" / "dicom") == archived
    rests(stores)
    unmerge(stores)
    repoint(stores, "b")
    done = passed(stores)
    assert "has moved it to another patient than Patient/b" in done.stderr
    assert tree(stores / "data" / "dicom") == archived
    move_in_archive(stores, "2", "Beispiel^B")
    assert set(acts(passed(stores))) <= {"to-fhir moved", "to-dicom agreed"}
    rests(stores)


def test_a_report_among_images_of_the_archive_stays_with_them(stores: Path) -> None:
    uid = "2.25.777"
    study = {"resourceType": "ImagingStudy", "id": "ct", "status": "available", **of("b")}
    put(stores, study | {"identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}]})
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "CT"}, **of("b")}
    put(stores, report | {"conclusion": "fine", "imagingStudy": [{"reference": "ImagingStudy/ct"}]})
    assert acts(passed(stores)) == {"to-dicom created": 1}
    dataset = pydicom.dcmread(next((stores / "data" / "dicom" / uid).rglob("*.dcm")))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.778"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    del dataset.ContentSequence
    dataset.save_as(stores / "data" / "dicom" / uid / dataset.SeriesInstanceUID / "2.25.778.dcm")
    passed(stores)
    merge(stores)
    done = passed(stores)
    assert "it stands in a study with instances of others" in done.stderr
    assert filed(stores).count("2") == 2


@pytest.mark.parametrize("pointed", [False, True])
def test_a_correction_between_the_merge_in_fhir_and_that_in_the_archive_reaches_it(stores: Path, pointed: bool) -> None:  # noqa: FBT001
    configure(stores)
    merge(stores)
    if pointed:
        repoint(stores, "a")
    assert "held" in passed(stores).stderr
    put(stores, get(stores, "Observation/of-b") | observation("of-b", 161, **of("a" if pointed else "b")))
    passed(stores)
    move_in_archive(stores, "1", "Beispiel^A")
    for _ in range(3):
        done = passed(stores)
    assert "161" in {
        str(one.MeasuredValueSequence[0].NumericValue) for each in instances(stores).values() for one in numbers(each)
    }
    assert filed(stores) == ["1"] * 4, done.stderr
    rests(stores)


@pytest.mark.parametrize("pointed", [False, True])
@pytest.mark.parametrize("lost", ["all of it", "what came since yesterday"])
def test_a_ledger_that_is_lost_after_both_have_merged_changes_nothing(stores: Path, pointed: bool, lost: str) -> None:  # noqa: FBT001
    configure(stores)
    yesterday = {file.name: file.read_bytes() for file in stores.glob("bridge.db*")}
    merge(stores)
    if pointed:
        repoint(stores, "a")
    passed(stores)
    move_in_archive(stores, "1", "Beispiel^A")
    passed(stores)
    rests(stores)
    before = tree(stores / "data")
    for file in stores.glob("bridge.db*"):
        file.unlink()
    for name, data in yesterday.items() if lost != "all of it" else ():
        (stores / name).write_bytes(data)
    done = passed(stores)
    assert tree(stores / "data") == before, done.stderr
    rests(stores)
    put(stores, get(stores, "Observation/of-b") | {"status": "entered-in-error"})
    assert acts(passed(stores)) == {"to-dicom retracted": 1}
    rests(stores)


def test_a_correction_is_newer_than_what_both_have_merged_and_no_ledger_knows(stores: Path) -> None:
    configure(stores)
    merge(stores)
    repoint(stores, "a")
    move_in_archive(stores, "1", "Beispiel^A")
    passed(stores)
    for file in stores.glob("bridge.db*"):
        file.unlink()
    put(stores, get(stores, "Observation/of-b") | observation("of-b", 161, **of("a")))
    passed(stores)
    passed(stores)
    said = [_number(one) for each in instances(stores).values() for one in numbers(each)]
    assert sorted(said) == [50, 60, 61, 161] and len(list((stores / "data" / "fhir" / "Observation").iterdir())) == 2
    rests(stores)


def modified_in_archive(stores: Path) -> None:
    """As `/patients/modify` of Orthanc: new UIDs, another patient, and the former instances are gone."""
    for file in (stores / "data" / "dicom").rglob("*.dcm"):
        one = pydicom.dcmread(file)
        if 62 not in [_number(item) for item in numbers(one)]:
            continue
        one.PatientID, one.PatientName = "1", "Beispiel^A"
        for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
            setattr(one, keyword, f"{getattr(one, keyword)[:-4]}7777")
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        there = stores / "data" / "dicom" / one.StudyInstanceUID / one.SeriesInstanceUID / f"{one.SOPInstanceUID}.dcm"
        there.parent.mkdir(parents=True, exist_ok=True)
        one.save_as(there)
        file.unlink()


def pointed(stores: Path) -> None:
    """The EHR points the result to whom the archive says."""
    put(stores, get(stores, "Observation/single") | of("a"))


@pytest.mark.parametrize("both", [False, True])
def test_what_the_archive_merges_under_new_uids_is_not_in_error(stores: Path, both: bool) -> None:  # noqa: FBT001
    """The result of the EHR stays as it is, and is no result of the other patient's. A person decides."""
    put(stores, observation("single", 62, **of("b")))
    configure(stores)
    passed(stores)
    before = tree(stores / "data" / "fhir" / "Observation")
    modified_in_archive(stores)
    if both:
        pointed(stores)
    for line in ((), ("--reconcile",), ("--reconcile",)):
        done = passed(stores, *line)
    after = tree(stores / "data" / "fhir" / "Observation")
    assert after.keys() == before.keys()
    assert [get(stores, f"Observation/{Path(one).stem}")["status"] for one in after] == ["final"] * len(after)
    assert after == before or both
    assert ("conflicts" if both else "a copy of it is there under another Patient ID") in done.stderr


@pytest.mark.parametrize("line", [(), ("--reconcile",)])
@pytest.mark.parametrize("after", ["retry", "nothing", "entered in error", "deleted later"])
def test_where_a_misfiled_copy_is_cleaned_away_the_result_is_written_again(
    stores: Path, after: str, line: tuple[str, ...]
) -> None:
    """That it is wrong nobody has said. Who says so later is heard."""
    put(stores, observation("single", 62, **of("b")))
    configure(stores)
    passed(stores)
    ours = {*instances(stores)}
    modified_in_archive(stores)
    passed(stores, *line)
    (copy,) = {*instances(stores)} - ours
    next((stores / "data" / "dicom").rglob(f"{copy}.dcm")).unlink()
    if after == "retry":
        assert fhir_dicom(stores, "retry", "--config", "bridge.yaml").returncode == 0
    if after == "entered in error":
        put(stores, get(stores, "Observation/single") | {"status": "entered-in-error"})
    done = passed(stores, *line)
    if after == "entered in error":
        assert {*instances(stores)} < ours
        return rests(stores)
    assert acts(done) == {"to-dicom updated": 1}, done.stderr
    (again,) = {*instances(stores)} - ours
    assert get(stores, "Observation/single")["status"] == "final"
    assert (instances(stores)[again].PatientID, [*map(_number, numbers(instances(stores)[again]))]) == ("2", [62])
    rests(stores)
    if after == "deleted later":
        next((stores / "data" / "dicom").rglob(f"{again}.dcm")).unlink()
        assert acts(passed(stores, *line)) == {"to-fhir retracted": 1}
        assert get(stores, "Observation/single")["status"] == "entered-in-error"
        rests(stores)


def misfiled(stores: Path) -> tuple[Path, Path]:
    """Observation/single, and the files of its misfiled copy and of what was written."""
    put(stores, observation("single", 62, **of("b")))
    configure(stores)
    passed(stores)
    before = {*(stores / "data" / "dicom").rglob("*.dcm")}
    modified_in_archive(stores)
    after = {*(stores / "data" / "dicom").rglob("*.dcm")}
    ((copy,), (original,)) = after - before, before - after
    return copy, original


def test_a_misfiled_copy_that_became_a_version_is_deleted_with_all_of_them(stores: Path) -> None:
    """It is a deletion as any other."""
    misfiled(stores)
    passed(stores)
    pointed(stores)
    assert fhir_dicom(stores, "retry", "--config", "bridge.yaml").returncode == 0
    passed(stores)
    (conflict,) = json.loads(fhir_dicom(stores, "conflicts", "--json", "--config", "bridge.yaml").stdout)
    line = ("conflicts", conflict["name"], "--holds", "fhir", "--config", "bridge.yaml")
    assert fhir_dicom(stores, *line).returncode == 0
    passed(stores)
    put(stores, observation("single", 63, **of("a")))
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    rests(stores)
    for file in (stores / "data" / "dicom").rglob("*.dcm"):
        if {62, 63} & {*map(_number, numbers(pydicom.dcmread(file)))}:
            file.unlink()
    assert acts(passed(stores)) == {"to-fhir retracted": 1}
    assert get(stores, "Observation/single")["status"] == "entered-in-error"
    rests(stores)


def test_what_is_there_again_beside_its_misfiled_copy_is_deleted_with_it(stores: Path) -> None:
    copy, original = misfiled(stores)
    data = pydicom.dcmread(copy)
    passed(stores)
    data.PatientID, data.PatientName = "2", "Beispiel^B"
    data.StudyInstanceUID, data.SeriesInstanceUID = original.parent.parent.name, original.parent.name
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = original.stem
    data.save_as(original)
    assert open_points(passed(stores))["held"] == 1
    copy.unlink()
    original.unlink()
    assert acts(passed(stores)) == {"to-fhir retracted": 1}
    rests(stores)


def test_two_misfiled_copies_do_not_wake_each_other(stores: Path) -> None:
    """A pass ends, and they stay as they are."""
    copy, _ = misfiled(stores)
    another = pydicom.dcmread(copy)
    another.SOPInstanceUID = another.file_meta.MediaStorageSOPInstanceUID = f"{copy.stem[:-4]}8888"
    another.save_as(copy.with_name(f"{another.SOPInstanceUID}.dcm"))
    before = tree(stores / "data")
    left = 100

    def stopped() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    once([route_of(stores)], Ledger(f"sqlite:///{stores / 'bridge.db'}"), MAPPING, stopped=stopped)
    assert left > 0, "it had to be stopped"
    assert open_points(passed(stores))["held"] == 3
    assert tree(stores / "data") == before


def test_a_dry_run_hides_no_misfiled_copy_from_the_pass_that_follows(stores: Path) -> None:
    """A copy that it would hold stays owed: else what is gone would have no copy, and be entered in error."""
    copy, _ = misfiled(stores)
    before = tree(stores / "data")
    for _ in range(2):
        dry = passed(stores, "--dry-run")
        assert "a copy of what was written from Observation/single" in dry.stderr
        assert open_points(dry)["held"] == 0
    assert open_points(passed(stores))["held"] == 2
    assert tree(stores / "data") == before
    copy.unlink()
    passed(stores, "--dry-run")
    assert acts(passed(stores)) == {"to-dicom updated": 1}
    rests(stores)
