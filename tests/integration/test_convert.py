"""`fhir-dicom convert` as a user types it: exit codes, report, bad input."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import pydicom
import pytest

from tests import forked
from tests.corpus import FIXTURES, ROOT

ECG = FIXTURES / "dicom" / "ecg-report.dcm"
VITALS = FIXTURES / "fhir" / "vital-signs.json"


def run(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[bytes]:
    return forked.run([*map(str, arguments)], cwd)


def report(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def test_a_folder_crosses_and_the_report_says_so(tmp_path: Path) -> None:
    done = run("convert", FIXTURES / "dicom", "--to", "fhir", "-o", tmp_path / "out", "--report", tmp_path / "r.json")
    assert done.returncode == 0
    found = report(tmp_path / "r.json")
    (converted,) = [one for one in found["documents"] if one["source"] == str(ECG)]
    assert set(converted) >= {"source", "targets", "status", "template", "items", "elements", "warnings", "details"}
    assert converted["source"] == str(ECG)
    assert converted["items"] == {"total": 9, "mapped": 9, "carried": 0, "withheld": 0}
    assert converted["details"] == []
    assert any(target.startswith("DiagnosticReport/") for target in converted["targets"])
    assert found["totals"]["converted"] == len(list((FIXTURES / "dicom").glob("*.dcm")))
    uid = pydicom.dcmread(ECG).SOPInstanceUID
    bundle = json.loads((tmp_path / "out" / f"{uid}.json").read_bytes())
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "transaction")


def test_there_and_back_by_the_command(tmp_path: Path) -> None:
    assert run("convert", ECG, "--to", "fhir", "-o", tmp_path / "fhir").returncode == 0
    assert run("convert", tmp_path / "fhir", "--to", "dicom", "-o", tmp_path / "dicom").returncode == 0
    (back,) = (tmp_path / "dicom").iterdir()
    assert pydicom.dcmread(back) == pydicom.dcmread(ECG)


def test_a_client_that_spells_numbers_otherwise_has_edited_nothing(tmp_path: Path) -> None:
    """Dose area products in Gy.m2 are so small that Python and Java write them with an exponent."""
    source = FIXTURES / "dicom" / "10001-projection-dose.dcm"
    run("convert", source, "--to", "fhir", "-o", tmp_path / "fhir")
    (file,) = (tmp_path / "fhir").iterdir()
    bundle = json.loads(file.read_bytes(), parse_float=lambda text: f"<<{Decimal(text):E}>>")
    spelled, count = re.subn('"<<(.*?)>>"', r"\1", json.dumps(bundle))
    assert count
    assert "4.00E-5" in spelled
    file.write_text(spelled)
    done = run("convert", tmp_path / "fhir", "--to", "dicom", "-o", tmp_path / "dicom", "--report", tmp_path / "r.json")
    assert done.returncode == 0
    assert report(tmp_path / "r.json")["documents"][0]["warnings"] == []
    (back,) = (tmp_path / "dicom").iterdir()
    assert pydicom.dcmread(back) == pydicom.dcmread(source)


def test_details_lists_every_element(tmp_path: Path) -> None:
    run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out", "--report", tmp_path / "r.json", "--details")
    details = report(tmp_path / "r.json")["documents"][0]["details"]
    assert len(details) == 9
    assert set(details[0]) == {"path", "concept", "outcome", "rule", "reason"}


def test_a_patient_is_skipped_and_counted(tmp_path: Path) -> None:
    run("convert", VITALS, "--to", "dicom", "-o", tmp_path / "out", "--report", tmp_path / "r.json")
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}')
    done = run("convert", tmp_path / "p.json", "--to", "dicom", "-o", tmp_path / "o", "--report", tmp_path / "r.json")
    assert done.returncode == 0
    (entry,) = report(tmp_path / "r.json")["documents"]
    assert (entry["status"], entry["count"]) == ("skipped", 1)
    assert not (tmp_path / "o").exists()


def test_the_same_again_is_no_error_and_other_content_is(tmp_path: Path) -> None:
    assert run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out").returncode == 0
    assert run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out").returncode == 0
    (written,) = (tmp_path / "out").iterdir()
    written.write_bytes(b"{}")
    done = run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert b"other content" in done.stderr
    assert written.read_bytes() == b"{}"


def test_a_file_that_is_there_twice_is_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / ECG.name).write_bytes(ECG.read_bytes())
    ways: list[list[str | Path]] = [[tmp_path / "out"], [tmp_path / "lines", "--format", "ndjson"]]
    for way in ways:
        said = run("convert", tmp_path / "in", "--to", "fhir", "--out", *way).stdout.decode()
        assert "warning: 1 x the very same document as another one of this run" in said
    assert len(list((tmp_path / "out").iterdir())) == len((tmp_path / "lines").read_text().splitlines()) == 1


def test_warnings_are_said_with_how_many_documents_they_are_of(tmp_path: Path) -> None:
    result: dict[str, object] = {"resourceType": "Observation", "status": "final", "code": {"text": "Pain"}}
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(result | {"id": name}))
    said = run("convert", tmp_path, "--to", "dicom", "-o", tmp_path / "out").stdout.decode()
    assert "warning: 2 x no identifier of the patient: Patient ID is empty" in said
    said = run(
        "convert", FIXTURES / "fhir" / "laboratory.json", "--to", "dicom", "-o", tmp_path / "none"
    ).stdout.decode()
    assert "warning:" not in said


def test_one_document_on_stdout() -> None:
    done = run("convert", ECG, "--to", "fhir", "-o", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["resourceType"] == "Bundle"


@pytest.mark.parametrize(("folder", "to", "meant"), [("fhir", "fhir", "dicom"), ("dicom", "dicom", "fhir")])
def test_the_wrong_direction_is_wrong_usage(tmp_path: Path, folder: str, to: str, meant: str) -> None:
    """Nothing was converted, and all was well."""
    done = run("convert", FIXTURES / folder, "--to", to, "-o", tmp_path / "out")
    assert done.returncode == 2
    assert f"is `--to {meant}` meant?".encode() in done.stderr
    assert run("convert", FIXTURES / folder, ECG, VITALS, "--to", to, "-o", tmp_path / "out").returncode == 0


def test_ndjson_has_a_document_a_line_and_is_read_again(tmp_path: Path) -> None:
    assert run("convert", VITALS, "--to", "dicom", "-o", tmp_path / "dicom").returncode == 0
    out = tmp_path / "all.ndjson"
    done = run("convert", tmp_path / "dicom", ECG, "--to", "fhir", "-o", out, "--format", "ndjson")
    assert done.returncode == 0
    lines = out.read_bytes().splitlines()
    assert len(lines) == len(list((tmp_path / "dicom").iterdir())) + 1
    assert {json.loads(line)["resourceType"] for line in lines} == {"Bundle"}
    assert run("convert", out, "--to", "dicom", "-o", tmp_path / "again").returncode == 0
    again = {file.name: file.read_bytes() for file in (tmp_path / "again").iterdir()}
    for file in (tmp_path / "dicom").iterdir():
        assert again[file.name] == file.read_bytes()


def test_workers_change_nothing(tmp_path: Path) -> None:
    for workers in ("1", "2"):
        done = run("convert", FIXTURES / "fhir", "--to", "dicom", "-o", tmp_path / workers, "--workers", workers)
        assert done.returncode == 0
    written = [{file.name: file.read_bytes() for file in (tmp_path / one).iterdir()} for one in ("1", "2")]
    assert written[0] == written[1] != {}


def test_json_prints_the_report(tmp_path: Path) -> None:
    done = run("convert", ECG, "--to", "fhir", "-o", tmp_path, "--json")
    assert json.loads(done.stdout)["totals"]["converted"] == 1


# -- bad input ------------------------------------------------------------------------------------------------------
WHOLE = ECG.read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("cut-inside-an-element.dcm", WHOLE[:-7], "truncated"),
        ("cut-in-the-header.dcm", WHOLE[: WHOLE.index(b"MR-0001") + 2], "(0010,0020)"),
        ("on-a-boundary.dcm", WHOLE[: WHOLE.index(b"\x40\x00\x30\xa7SQ", 200)], "Content Sequence"),
        ("not-dicom.dcm", b"\x00" * 3000, "DICM"),
        ("text.dcm", b"hello", "DICM"),
        ("empty.dcm", b"", "DICM"),
    ],
)
def test_what_is_no_whole_sr_is_rejected_by_name_and_the_rest_goes_on(
    tmp_path: Path, name: str, data: bytes, says: str
) -> None:
    box = tmp_path / "in"
    box.mkdir()
    (box / name).write_bytes(data)
    shutil.copy(ECG, box / "z-good.dcm")
    done = run("convert", box, "--to", "fhir", "-o", tmp_path / "out", "--report", tmp_path / "r.json")
    assert done.returncode == 1
    bad, good = report(tmp_path / "r.json")["documents"]
    assert (bad["status"], good["status"]) == ("rejected", "converted")
    assert str(box / name) in bad["error"] and says in bad["error"]
    assert bad["error"] in done.stderr.decode()
    assert len(list((tmp_path / "out").iterdir())) == 1
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"resourceType": "Observation",', "line 1"),
        ("[]", "resourceType"),
        ('{"resourceType": "Observation", "status": "final"}', "code"),
        ('{"resourceType": "Observation", "status": "done", "code": {"text": "x"}}', "status"),
        ('{"resourceType": "Observation", "status": "final", "code": [1]}', "code"),
        ('{"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "colour": 1}', "R4 does not know"),
        ('{"resourceType": "Observation", "status": "final", "status": "final", "code": {"text": "x"}}', "twice"),
        ('{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": 3}]}', "entry[0]"),
        ('{"resourceType": "Observation", "status": "final", "subject": [3], "code": {"text": "x"}}', "subject"),
    ],
)
def test_invalid_json_and_invalid_resources_are_rejected_by_name(tmp_path: Path, text: str, says: str) -> None:
    box = tmp_path / "in"
    box.mkdir()
    (box / "bad.json").write_text(text)
    shutil.copy(VITALS, box / "good.json")
    done = run("convert", box, "--to", "dicom", "-o", tmp_path / "out", "--report", tmp_path / "r.json")
    assert done.returncode == 1
    (bad,) = [one for one in report(tmp_path / "r.json")["documents"] if one["status"] == "rejected"]
    assert str(box / "bad.json") in bad["error"] and says in bad["error"]
    assert report(tmp_path / "r.json")["totals"]["converted"] >= 1
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("target", ["dicom", "fhir"])
def test_xml_is_called_xml(tmp_path: Path, target: str) -> None:
    """As many guides publish their examples; *invalid JSON*, or *no DICOM*, said nothing of what to do."""
    (tmp_path / "bundle.xml").write_text('\ufeff\n<Bundle xmlns="http://hl7.org/fhir"/>', encoding="utf-8")
    done = run("convert", tmp_path / "bundle.xml", "--to", target, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert b"bundle.xml: XML: FHIR is read as JSON" in done.stderr


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize("kind", ["Foo", "Coding", "R4.Patient"])
def test_a_resource_that_contains_what_fhir_does_not_know_is_rejected_alone(
    tmp_path: Path, kind: str, release: str
) -> None:
    good = {"resourceType": "Observation", "id": "good", "status": "final", "code": {"text": "Glucose"}}
    bad = good | {"id": "bad", "contained": [{"resourceType": kind, "id": "c"}]}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": good}, {"resource": bad}]}
    source = tmp_path / "bundle.json"
    source.write_text(json.dumps(bundle))
    more = ("--fhir-version", release, "--report", tmp_path / "r.json")
    assert run("convert", source, "--to", "dicom", "-o", tmp_path / "out", *more).returncode == 1
    first, second = report(tmp_path / "r.json")["documents"]
    assert (first["status"], second["status"]) == ("rejected", "converted")
    assert first["source"].endswith("#Observation/bad") and "contained.0" in first["error"]


def test_two_documents_under_one_uid(tmp_path: Path) -> None:
    box = tmp_path / "in"
    box.mkdir()
    shutil.copy(ECG, box / "a.dcm")
    other = pydicom.dcmread(ECG)
    other.ContentSequence[-1].TextValue = "Vorhofflimmern"
    other.save_as(box / "b.dcm")
    done = run("convert", box, "--to", "fhir", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert b"b.dcm" in done.stderr and b"other content" in done.stderr
    assert b"Vorhofflimmern" not in (tmp_path / "out" / f"{other.SOPInstanceUID}.json").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["convert", str(ECG), "--to", "fhir"], "-o"),
        (["convert", str(ECG), "--to", "hl7", "-o", "x"], "hl7"),
        (["convert", str(ECG), "--to", "fhir", "-o", "x", "--colour"], "--colour"),
        (["convert", "no-such-file", "--to", "fhir", "-o", "x"], "no-such-file"),
        (["convert", str(ECG), "--to", "fhir", "-o", "x", "--fhir-version", "R3"], "R3"),
        (["convert", str(ECG), "--to", "fhir", "-o", "x", "--mappings", "no-such-folder"], "no-such-folder"),
        (["convert", str(ECG), "--to", "fhir", "-o", "x", "--config", "no-such.yaml"], "no-such.yaml"),
        (["convert", str(ECG), "--to", "fhir", "-o", "x", "--workers", "0"], "workers"),
        (["no-such-command"], "no-such-command"),
        ([], "Usage"),
    ],
)
def test_wrong_usage_exits_2_says_why_and_writes_nothing(tmp_path: Path, arguments: list[str], says: str) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr.decode() + done.stdout.decode()
    assert b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_found_exits_2(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = run("convert", tmp_path / "in", "--to", "fhir", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert b"nothing found" in done.stderr


def test_a_mapping_with_faults_exits_2_naming_each(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "rows.yaml").write_text("concepts:\n  - {fhir: LOINC 1-8, dicom: 1-8, name: x}\n  - {colour: red}\n")
    done = run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out", "--mappings", site)
    assert done.returncode == 2
    assert f"{site}/rows.yaml:2:".encode() in done.stderr
    assert f"{site}/rows.yaml:3:".encode() in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_configuration_key_exits_2(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text("isuer: MY-HOSPITAL\n")
    done = run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out", "--config", tmp_path / "bridge.yaml")
    assert done.returncode == 2
    assert b"isuer" in done.stderr


def test_odd_but_readable_content_crosses_with_a_warning(tmp_path: Path) -> None:
    odd = pydicom.dcmread(ECG)
    odd.PatientID = ""
    odd.ContentSequence[-1].RelationshipType = "SELECTED FROM"
    odd.ContentSequence[1].ValueType = "CODES"
    odd.ContentSequence[0].ConceptNameCodeSequence[0].CodingSchemeDesignator = "99NOBODY"
    odd.save_as(tmp_path / "odd.dcm")
    done = run("convert", tmp_path / "odd.dcm", "--to", "fhir", "-o", tmp_path / "o", "--report", tmp_path / "r.json")
    assert done.returncode == 0
    (entry,) = report(tmp_path / "r.json")["documents"]
    said = "\n".join(entry["warnings"])
    for what in ("no Patient ID", "illegal relationship", "unknown value type 'CODES'", "99NOBODY"):
        assert what in said


def test_an_edit_beyond_the_items_comes_back_through_files(tmp_path: Path) -> None:
    """Nobody who keeps files has a ledger that knows the first version of a document."""
    assert run("convert", ECG, "--to", "fhir", "-o", tmp_path / "a").returncode == 0
    (file,) = (tmp_path / "a").iterdir()
    bundle = json.loads(file.read_bytes())
    report = next(one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == "DiagnosticReport")
    report["conclusion"] = "edited"
    (tmp_path / "edited.json").write_text(json.dumps(bundle))
    assert run("convert", tmp_path / "edited.json", "--to", "dicom", "-o", tmp_path / "b").returncode == 0
    assert run("convert", tmp_path / "b", "--to", "fhir", "-o", tmp_path / "c").returncode == 0
    (back,) = (tmp_path / "c").iterdir()
    found = [one["resource"] for one in json.loads(back.read_bytes())["entry"]]
    assert {one["resourceType"]: one["id"] for one in found} == {
        one["resource"]["resourceType"]: one["resource"]["id"] for one in bundle["entry"]
    }
    assert next(one for one in found if one["resourceType"] == "DiagnosticReport")["conclusion"] == "edited"
    assert run("convert", tmp_path / "c", "--to", "dicom", "-o", tmp_path / "b").returncode == 0
    assert len(list((tmp_path / "b").iterdir())) == 1, "unedited: the same instance, byte for byte"


@pytest.mark.parametrize("out", ["out", "-"])
def test_a_report_never_takes_the_place_of_an_input_or_of_the_output(tmp_path: Path, out: str) -> None:
    source = tmp_path / "in.dcm"
    source.write_bytes(ECG.read_bytes())
    done = run("convert", source, "--to", "fhir", "-o", out, "--report", source, cwd=tmp_path)
    assert done.returncode == 2
    assert source.read_bytes() == ECG.read_bytes()
    done = run("convert", source, "--to", "fhir", "--format", "ndjson", "-o", "x", "--report", "x", cwd=tmp_path)
    assert done.returncode == 2
    assert not (tmp_path / "x").exists()


def test_a_report_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    done = run("convert", ECG, "--to", "fhir", "-o", tmp_path / "out", "--report", "/dev/full")
    assert done.returncode == 1
    assert b"the report cannot be written" in done.stderr and b"Traceback" not in done.stderr


def test_a_run_whose_output_is_refused_still_has_its_report(tmp_path: Path) -> None:
    (tmp_path / "out.ndjson").write_text("something else")
    arguments = ("--to", "fhir", "--format", "ndjson", "-o", "out.ndjson", "--report", "report.json")
    done = run("convert", ECG, *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads((tmp_path / "report.json").read_bytes())["totals"]["converted"] == 1
