"""`make demo SERVERS=real`: the samples go into a real HAPI and a real Orthanc, and one pass brings them in step."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.corpus import FIXTURES
from tests.servers.__main__ import CONFIGURATION
from tests.servers.hapi import Hapi
from tests.servers.load import load_instances, load_resources
from tests.servers.orthanc import Orthanc


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        hapi, orthanc = Hapi(Path(folder) / "hapi"), Orthanc(Path(folder) / "orthanc")
        try:
            print("== Starting HAPI and Orthanc (half a minute)", flush=True)
            orthanc.start()
            hapi.start()
            load_resources(hapi.base, sorted((FIXTURES / "fhir").glob("*.json")))
            load_instances(orthanc.base, [FIXTURES / "dicom" / "ecg-report.dcm"])
            configuration = Path(folder) / "bridge.yaml"
            configuration.write_text(CONFIGURATION.format(hapi=hapi.base, orthanc=orthanc.base, folder=folder))
            command = [sys.executable, "-m", "bridge", "sync", "--once", "--config", str(configuration)]
            for name in ("One pass", "A second pass"):
                print(f"== {name}", flush=True)
                subprocess.run(command, check=True)
            print("== Their data went with them; `make servers` keeps a pair running to look at", flush=True)
        finally:
            hapi.stop()
            orthanc.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
