"""Certificates are renewed while the bridge runs: its own, that of its service, and the hospital's authority."""

from __future__ import annotations

import re
import shutil
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from structlog.testing import capture_logs

from bridge.errors import TemporaryError
from bridge.ledger.ledger import Ledger
from bridge.settings.service import ServiceTls
from bridge.settings.settings import settings
from bridge.stores.access import Access
from bridge.stores.http import Peer
from bridge.web.certificate import Certificate
from bridge.web.meters import Meters
from fixtures.stores import lay_out
from tests.servers import strict as servers
from tests.servers.certificates import Authority
from tests.servers.service import Service, serving, until
from tests.servers.stand_in import StandIn


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def service(tmp_path: Path, authority: Authority) -> Iterator[Service]:
    lay_out(tmp_path / "data")
    shutil.copy(authority.certificate("first"), tmp_path / "serve.pem")
    with serving(
        tmp_path, {"serve": {"tls": {"certificate": "serve.pem"}}, "interval": 3600}, ca=str(authority.ca)
    ) as made:
        yield made


def shown(service: Service) -> str:
    """Common name of the certificate that a new connection is shown."""
    parts = urlsplit(service.base)
    text = ssl.get_server_certificate((parts.hostname or "", parts.port or 0), timeout=60)
    (name,) = x509.load_pem_x509_certificate(text.encode()).subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def test_the_service_shows_its_renewed_certificate(service: Service, authority: Authority) -> None:
    assert shown(service) == "first"
    shutil.copy(authority.certificate("second"), service.folder / "serve.pem")
    until(lambda: shown(service) == "second")
    assert "the certificate was renewed" in [one["event"] for one in service.entries()]


def test_metrics_tell_when_certificates_end(tmp_path: Path, authority: Authority) -> None:
    """Each as its file is now; of one that cannot be used nothing is told."""
    serve, store = (authority.certificate(name, hours=hours) for name, hours in (("serve", 100), ("store", 200)))
    (tmp_path / "bridge.yaml").write_text(
        f"""
        serve: {{tls: {{certificate: {serve}}}}}
        stores:
          ehr: {{kind: fhir, url: https://h.example/fhir, tls: {{certificate: {store}}}}}
          pacs: {{kind: folder, path: dicom, holds: dicom}}
        """
    )
    meters = Meters((), settings(tmp_path / "bridge.yaml").certificates())
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")

    def left() -> dict[str, int]:
        """Hours, by where it is configured."""
        found = re.findall(rf'{_EXPIRY}{{tls="(.*)"}} (.*)', meters.page(ledger).decode())
        return {where: round((float(end) - time.time()) / 3600) for where, end in found}

    assert left() == {"serve": 100, "stores.ehr": 200}
    shutil.copy(authority.certificate("renewed", hours=300), serve)
    store.write_text("half of it")
    assert left() == {"serve": 300}
    ledger.close()


_EXPIRY = "fhir_dicom_certificate_expiry_timestamp_seconds"


def test_half_a_certificate_leaves_the_one_before(service: Service, authority: Authority) -> None:
    whole = authority.certificate("second").read_text("ascii")
    (service.folder / "serve.pem").write_text(whole[: len(whole) // 2])
    until(lambda: "the renewed certificate is not used" in service.log())
    assert shown(service) == "first"
    (service.folder / "serve.pem").unlink()
    assert shown(service) == "first"
    (service.folder / "serve.pem").write_text(whole)
    until(lambda: shown(service) == "second")
    said = [one for one in service.entries() if one["level"] == "error"]
    assert 1 <= len(said) <= 2 and all("serve.tls: serve.pem: " in one["what"] for one in said), "once each"


def test_a_certificate_that_ends_is_warned_of_once_and_when_it_has_ended(tmp_path: Path, authority: Authority) -> None:
    file, now = tmp_path / "serve.pem", [time.time()]
    shutil.copy(authority.certificate("first", hours=15 * 24), file)
    certificate = Certificate(ServiceTls(certificate=file), lambda: now[0])

    def said() -> list[str]:
        with capture_logs() as log:
            for _ in range(2):
                certificate.renew(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
                certificate.warn()
        return [one["event"] for one in log]

    assert said() == []
    now[0] += 2 * 86400
    assert said() == ["the certificate ends soon"] and said() == []
    now[0] += 14 * 86400
    assert said() == ["the certificate has expired"] and said() == []
    shutil.copy(authority.certificate("second", hours=17 * 24), file)
    assert said() == ["the certificate was renewed", "the certificate ends soon"] and said() == []
    shutil.copy(authority.certificate("third", hours=100 * 24), file)
    assert said() == ["the certificate was renewed"]


def test_a_certificate_whose_end_cannot_be_read_is_used_and_said(tmp_path: Path, authority: Authority) -> None:
    """OpenSSL takes more than the library that reads it."""
    file = tmp_path / "serve.pem"
    file.write_text(authority.certificate("first").read_text("ascii").replace(" CERTIFICATE-", " TRUSTED CERTIFICATE-"))
    certificate = Certificate(ServiceTls(certificate=file))
    with capture_logs() as log:
        certificate.warn()
    assert [one["event"] for one in log] == ["it is not known when the certificate ends"]


def test_a_certificate_that_ends_soon_is_said_at_the_start(service: Service) -> None:
    until(lambda: "the certificate ends soon" in service.log())
    (said,) = [one["what"] for one in service.entries() if one["level"] == "warning"]
    assert said.startswith("serve.tls: serve.pem: it is good until 20") and said.endswith("; renew it")


@pytest.fixture
def strict(authority: Authority) -> Iterator[StandIn]:
    """Admits who shows a certificate of the authority."""
    with servers.strict(authority) as server:
        yield server


def test_a_store_is_shown_our_renewed_certificate(
    strict: StandIn, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = tmp_path / "ours.pem"
    shutil.copy(authority.certificate("first"), ours)
    monkeypatch.setattr("bridge.stores.http._IDLE_SECONDS", 0.0)  # connections that are in use are not touched
    access = Access(ca=str(authority.ca), certificate=(str(ours), str(ours)))
    peer = Peer("pacs", strict.url, access=access)
    assert peer.call("GET", "/").body == b"first"
    shutil.copy(authority.certificate("second"), ours)
    assert peer.call("GET", "/").body == b"second"


def test_a_renewed_authority_is_trusted_and_the_old_one_no_more(
    strict: StandIn, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ca, ours = tmp_path / "ca.pem", str(authority.certificate("ours"))
    another = Authority(tmp_path / "another")
    shutil.copy(another.ca, ca)
    monkeypatch.setattr("bridge.stores.http._IDLE_SECONDS", 0.0)
    peer = Peer("pacs", strict.url, access=Access(ca=str(ca), certificate=(ours, ours)))
    with pytest.raises(TemporaryError, match="no trusted connection"):
        peer.call("GET", "/")
    shutil.copy(authority.ca, ca)
    assert peer.call("GET", "/").body == b"ours"
    shutil.copy(another.ca, ca)
    with pytest.raises(TemporaryError, match="no trusted connection"):
        peer.call("GET", "/")


@pytest.mark.parametrize("content", [None, "half of it"])
def test_a_file_that_is_just_renewed_is_no_fault_of_a_document(
    strict: StandIn, authority: Authority, tmp_path: Path, content: str | None
) -> None:
    for number in range(2):
        files = [str(authority.ca), str(authority.certificate("ours"))]
        files[number] = str(tmp_path / "renewed.pem")
        Path(files[number]).unlink(missing_ok=True)
        if content is not None:
            Path(files[number]).write_text(content)
        access = Access(ca=files[0], certificate=(files[1], files[1]))
        with pytest.raises(TemporaryError, match="TLS"):
            Peer("pacs", strict.url, access=access).call("GET", "/")
