"""Which file of `tls`, or whose certificate, is to be mended where a server and the bridge do not trust each other."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from bridge.errors import TemporaryError
from bridge.stores.access import Access
from bridge.stores.http import Peer
from tests.servers import strict as servers
from tests.servers.certificates import Authority, new_key, pem

REFUSED = "the server refuses our certificate, or wants one ({}); look at `tls.certificate`"
NO_PAIR = "the file of `tls.certificate` or `tls.key` holds none; put ours there, in PEM"
NO_AUTHORITY = "the file of `tls.ca` holds no certificate; put the authorities to trust there, in PEM"
NO_FILE = "`tls.{}`: .*: {}; put it there, or correct its permissions"


@dataclass
class Strict:
    """Admits who shows a certificate of its authority, and says whom not: in TLS 1.2, within the handshake."""

    base: str
    files: dict[str, Path]

    def refusal(self, ca: str, certificate: str | None, key: str | None) -> str:
        ours = (str(self.files[certificate]), str(self.files[key or certificate])) if certificate is not None else None
        with pytest.raises(TemporaryError) as refused:
            Peer("pacs", self.base, access=Access(ca=str(self.files[ca]), certificate=ours)).call("GET", "/")
        return str(refused.value)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strict]:
    folder = tmp_path_factory.mktemp("strict")
    authority, another = Authority(folder / "authority"), Authority(folder / "another", "another")
    with servers.strict(authority, ssl.TLSVersion.TLSv1_2) as server:
        yield Strict(server.url, files_of(folder, authority, another))


def files_of(folder: Path, authority: Authority, another: Authority) -> dict[str, Path]:
    made = {name: folder / name for name in ("other.key", "locked.key", "garbage", "empty", "folder", "nowhere")}
    made["other.key"].write_text(pem(new_key()))
    locked = BestAvailableEncryption(b"a passphrase")
    made["locked.key"].write_bytes(new_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked))
    made["garbage"].write_text("half of it")
    made["empty"].touch()
    made["folder"].mkdir()
    made |= {"ca": authority.ca, "another ca": another.ca}
    made |= {"ours": authority.certificate("ours"), "expired": authority.certificate("expired", hours=-0.5)}
    return made | {"another's": another.certificate("ours")}


@pytest.mark.parametrize(
    ("ca", "certificate", "key", "says"),
    [
        ("another ca", "ours", None, "self-signed certificate in certificate chain; say with `tls.ca` whom to trust"),
        ("ca", "expired", None, re.escape(REFUSED.format("certificate expired"))),
        ("ca", "another's", None, re.escape(REFUSED.format("unknown ca"))),
        ("ca", None, None, re.escape(REFUSED.format("handshake failure"))),
        ("ca", "ours", "other.key", "our key is of another certificate; let `tls.certificate` and `tls.key` be of one"),
        ("ca", "ours", "locked.key", "our key has a passphrase; take it off in `tls.key`"),
        ("ca", "garbage", "ours", re.escape(NO_PAIR)),
        ("ca", "ours", "empty", re.escape(NO_PAIR)),
        ("garbage", "ours", None, re.escape(NO_AUTHORITY)),
        ("empty", "ours", None, re.escape(NO_AUTHORITY)),
        ("ca", "ours", "folder", NO_FILE.format("key", "Is a directory")),
        ("ca", "folder", "ours", NO_FILE.format("certificate", "Is a directory")),
        ("ca", "ours", "nowhere", NO_FILE.format("key", "No such file or directory")),
        ("nowhere", "ours", None, NO_FILE.format("ca", "No such file or directory")),
    ],
)  # fmt: skip
def test_the_file_to_be_mended_is_named(
    strict: Strict, ca: str, certificate: str | None, key: str | None, says: str
) -> None:
    said = strict.refusal(ca, certificate, key)
    assert re.fullmatch(rf"pacs: GET /: no trusted connection \(TLS\): {says}.*", said), said


def test_a_server_that_does_not_speak_tls_is_said(strict: Strict, tmp_path: Path) -> None:
    with servers.plain() as plain:
        said = Strict(f"https://{plain.at}", strict.files).refusal("ca", "ours", None)
    assert said.endswith("what answers does not speak TLS; is the URL right?")
