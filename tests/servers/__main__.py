"""`make servers`: HAPI and Orthanc in the foreground. SIGTERM stops both and removes their data."""

from __future__ import annotations

import json
import signal
import tempfile
import threading
from pathlib import Path

from tests.servers.hapi import Hapi
from tests.servers.orthanc import Orthanc

OUT = Path(__file__).parent.parent.parent / ".servers"
CONFIGURATION = """stores:
  ehr: {{kind: fhir, url: "{hapi}", system: "urn:example:ehr"}}
  pacs: {{kind: orthanc, url: "{orthanc}", issuer: EXAMPLE-HOSPITAL}}
routes:
  - {{between: [ehr, pacs]}}
ledger: "sqlite:///{folder}/bridge.db"
"""


def main() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with tempfile.TemporaryDirectory() as folder:
        hapi, orthanc = Hapi(Path(folder) / "hapi"), Orthanc(Path(folder) / "orthanc")
        try:
            orthanc.start()
            hapi.start()
            _announce(hapi, orthanc, folder)
            stop.wait()
        finally:
            hapi.stop()
            orthanc.stop()
            for file in OUT.glob("*"):
                file.unlink()


def _announce(hapi: Hapi, orthanc: Orthanc, folder: str) -> None:
    """The configuration first, then what says that all is ready."""
    OUT.mkdir(exist_ok=True)
    configuration = OUT / "bridge.yaml"
    configuration.write_text(CONFIGURATION.format(hapi=hapi.base, orthanc=orthanc.base, folder=folder))
    found = {"fhir": hapi.base, "orthanc": orthanc.base, "config": str(configuration)}
    ready = OUT / "servers.json.new"
    ready.write_text(json.dumps(found))
    ready.rename(OUT / "servers.json")
    print(f"ready: {OUT / 'servers.json'}", flush=True)


if __name__ == "__main__":
    main()
