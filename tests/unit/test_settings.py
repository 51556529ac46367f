"""What a configuration is refused for, and what whoever wrote it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import UsageError
from bridge.ledger.ledger import Ledger
from bridge.settings.issuer import likely_meant
from bridge.settings.only import Only
from bridge.settings.settings import settings

EHR = "ehr: {kind: folder, holds: fhir, path: ehr}"
PACS = "pacs: {kind: folder, holds: dicom, path: pacs}"
STORES = f"stores:\n  {EHR}\n  {PACS}\n"
ROUTE = "routes:\n  - between: [ehr, pacs]\n"


def refused(folder: Path, text: str | bytes) -> str:
    """Why, after the name of the file."""
    file = folder / "bridge.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as found:
        settings(file)
    return str(found.value).removeprefix(str(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{STORES}{ROUTE}    only: {{patients: consent.txt}}\n    only: {{categories: [survey]}}\n",
            ":7: key 'only' ",
        ),
        (f"stores:\n  {EHR}\n  {PACS}\n  {EHR}\n", ":4: key 'ehr' "),
        ("issuer: A\nissuer: B\n", ":2: key 'issuer' "),
    ],
)
def test_a_key_twice(tmp_path: Path, text: str, said: str) -> None:
    assert refused(tmp_path, text) == f"{said}twice; one would be lost: make one of them"


def test_keys_that_are_merged_are_not_twice(tmp_path: Path) -> None:
    """`<<` of YAML 1.1: what stands there itself comes first, and so in what is merged again."""
    one = "{kind: folder, holds: dicom, path: pacs, issuer: A}"
    more = f"stores:\n  {EHR}\n  pacs: &a {one}\n  b: &b {{<<: *a, path: b, issuer: B}}\n  c: {{<<: *b, path: c}}\n"
    (tmp_path / "bridge.yaml").write_text(f"{more}{ROUTE}")
    assert settings(tmp_path / "bridge.yaml").stores["c"].issuer == "B"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "issuer", ["HOSPITAL", "1.2-A", "urn:oid:1.2.3", "urn:uuid:A-1", "https://h.example/id", "X:Y"]
)
def test_an_issuer_is_a_name_or_a_uri(tmp_path: Path, issuer: str) -> None:
    (tmp_path / "bridge.yaml").write_text(f'issuer: "{issuer}"')
    assert settings(tmp_path / "bridge.yaml").issuer == issuer


@pytest.mark.parametrize(
    ("issuer", "said"),
    [
        ("", "leave the key out"),
        ("  ", "leave the key out"),
        ("urn:oid:1.2.3 ", "take it out"),
        (" HOSPITAL", "take it out"),
        ("HOS\\tPITAL", "take it out"),
        ("HOS\\\\PITAL", "take it out"),
    ],
)
def test_what_nobody_can_write_is_no_issuer(tmp_path: Path, issuer: str, said: str) -> None:
    for text in (f'issuer: "{issuer}"', f'{STORES.replace("path: pacs", f"""path: pacs, issuer: "{issuer}" """)}'):
        assert refused(tmp_path, text).endswith(said)


@pytest.mark.parametrize(
    ("issuer", "why"),
    [
        ("1.2.3", "where FHIR says `urn:oid:1.2.3`"),
        ("oid:1.2.3", "where FHIR says `urn:oid:1.2.3`"),
        ("OID:1.2.3", "where FHIR says `urn:oid:1.2.3`"),
        ("URN:OID:1.2.3", "where FHIR says `urn:oid:1.2.3`"),
        ("urn:OID:1.2.3", "where FHIR says `urn:oid:1.2.3`"),
        ("URN:x:y", "where FHIR says `urn:x:y`"),
        ("HTTPS://h.example/id", "where FHIR says `https://h.example/id`"),
        ("urn:oid:1.2.", "is no URI"),
        ("urn:oid:1.2 .3", "is no URI"),
        ("A" * 65, "more than the 64 characters"),
    ],
)
def test_what_only_looks_like_an_issuer_is_told(tmp_path: Path, issuer: str, why: str) -> None:
    """And not refused: an archive may write it so, and what was chosen once has to stay."""
    (tmp_path / "bridge.yaml").write_text(f'issuer: "{issuer}"')
    assert settings(tmp_path / "bridge.yaml").issuer == issuer
    assert why in (likely_meant(issuer) or "")


@pytest.mark.parametrize(
    "issuer", ["HOSPITAL", "1.2-A", "urn:oid:1.2.3", "urn:uuid:A-1", "https://h.example/id", "X:Y"]
)
def test_of_what_is_an_issuer_there_is_nothing_to_tell(issuer: str) -> None:
    assert likely_meant(issuer) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("isuer: X", ": unknown key 'isuer'; known are issuer, "),
        (f"{STORES}{ROUTE}    onyl: {{}}", ": routes.0: unknown key 'onyl'; known are only, "),
        (
            "stores: {ehr: {kind: fhir, url: https://h, auth: {kind: bearer, token: hunter2}}}",
            ": stores.ehr.fhir.auth.bearer.token: a secret is not written here; say {env: NAME}, an environment "
            "variable, or {file: PATH}",
        ),
        (f"{STORES}{ROUTE}    only: {{categories: laboratory}}", ": routes.0.only.categories: not a list; write [...]"),
        (f"{STORES}{ROUTE}    only: {{categories: []}}", ": routes.0.only.categories: empty; say one at least"),
        (
            f"{STORES}{ROUTE}    only: {{templates: [TID 10001]}}",
            ": routes.0.only.templates.0: no Template Identifier; ",
        ),
        (f"{STORES}{ROUTE}    only: {{modalities: [SR, sr]}}", ": routes.0.only.modalities.1: no Modality; "),
        (f"{STORES}{ROUTE}    only: {{sop_classes: [Comprehensive SR]}}", ": routes.0.only.sop_classes.0: no UID; "),
        (f"{STORES}{ROUTE}    only: {{profiles: [vitalsigns]}}", ": routes.0.only.profiles.0: no canonical URL; "),
        (f"{STORES}{ROUTE}    only: {{profiles: ['http://a|1']}}", ": routes.0.only.profiles.0: no canonical URL; "),
        (f"{STORES}{ROUTE}    only: {{categories: ['']}}", ": routes.0.only.categories.0: no code; "),
        (f"{STORES}routes: []", ": routes: empty; say one at least"),
        ("stores: {(system): {kind: fhir, url: https://h}}", ": stores: '(system)' is no name; "),
        ("stores: {'': {kind: fhir, url: https://h}}", ": stores: '' is no name; "),
        ("interval: .inf", ": interval: "),
        ("interval: 1.0e+10", ": interval: "),
        ("timezone: +10:00", ': timezone: YAML takes that for a number; quote it, as in "+10:00"'),
        ("issuer: 12", ": issuer: YAML takes that for no text; quote it"),
        ("serve: 3", ": serve: not a map; write {key: value, ...}"),
        ("stores: {a: {kind: foldr}}", ": stores.a: 'foldr' is no kind; say 'fhir', 'orthanc', 'dicomweb', 'folder'"),
        ("stores: {a: {kind: folder, holds: fhir}}", ": stores.a.folder.path: is missing"),
        (b"# a\nissuer: M\xfcnchen", ":2: not UTF-8; save the file as UTF-8"),
        ("issuer: A\nmappings: \x01", ":2: a control character, which YAML does not allow; take it out"),
        ("issuer: [", ":1: no YAML: "),
    ],
)
def test_what_else_is_said(tmp_path: Path, text: str | bytes, said: str) -> None:
    found = refused(tmp_path, text)
    assert found.startswith(said)
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"{STORES}{ROUTE}    only: {{templates: [1500]}}", ["routes.0.only.templates.0"]),
        (
            "serve: {auth: {kind: tokens, tokens: [{name: a}]}}",
            ["serve.auth.tokens.tokens.0.role", "serve.auth.tokens.tokens.0.token"],
        ),
    ],
)
def test_a_list_of_wrong_members_is_not_empty(tmp_path: Path, text: str, keys: list[str]) -> None:
    assert [line.split(": ")[1] for line in refused(tmp_path, text).splitlines()] == keys


def test_what_documents_have_may_be_filtered_by(tmp_path: Path) -> None:
    only = """
      categories: [laboratory, "http://terminology.hl7.org/CodeSystem/observation-category|imaging", "|own code"]
      profiles: ["http://hl7.org/fhir/StructureDefinition/vitalsigns", "urn:oid:1.2.3"]
      sop_classes: ["1.2.840.10008.5.1.4.1.1.88.33"]
      modalities: [SR, OT, "AB 1"]
      templates: ["1500", "10001", ECG_01, 99abc-5200]
"""
    (tmp_path / "bridge.yaml").write_text(f"{STORES}{ROUTE}    only:{only}")
    (route,) = settings(tmp_path / "bridge.yaml").routes
    assert route.only.templates == ("1500", "10001", "ECG_01", "99abc-5200")


def test_a_list_that_names_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "consent.txt").write_text("# of the study\n\n")
    with pytest.raises(UsageError, match=r"consent\.txt: names nobody; write a line"):
        Only(patients=tmp_path / "consent.txt").patient_list()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a folder; name the YAML file in it"):
        settings(tmp_path)


def test_each_fault_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_TIMEZONE", "Europe/Berln")
    first, second = refused(tmp_path, "timezone: Europe/Berlin\nworkers: 100\n").splitlines()
    assert first.startswith("BRIDGE_TIMEZONE: timezone: write an IANA zone")
    assert second.startswith(f"{tmp_path / 'bridge.yaml'}: workers: ")


def test_the_route_is_between_the_two_stores_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(STORES)
    assert settings(tmp_path / "bridge.yaml").route_names() == ("ehr-pacs",)
    assert "which of the stores ehr are kept in step" in refused(tmp_path, f"stores:\n  {EHR}\n")
    three = f"{STORES}  more: {{kind: folder, holds: dicom, path: more}}\n"
    assert refused(tmp_path, three).endswith("write `routes: [{between: [NAME, NAME]}]`, one of each world")


@pytest.mark.parametrize(
    ("path", "said"),
    [("./pacs", "are one folder"), ("pacs/in", "are not apart: more is in the folder of pacs"), ("link", "are one")],
)
def test_two_stores_have_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("pacs")
    more = f"{STORES}  more: {{kind: folder, holds: dicom, path: {path}}}\n{ROUTE}"
    assert f"{said}" in refused(tmp_path, more)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?mode=memory&uri=true"])
def test_a_ledger_is_kept(url: str) -> None:
    with pytest.raises(UsageError, match=r"in memory it is lost with the process; write sqlite:///bridge\.db"):
        Ledger(url)
