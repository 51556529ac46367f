"""Orthanc with DICOMweb, as Debian packages it. It answers loopback only, and no DIMSE."""

from __future__ import annotations

import json
from pathlib import Path

from tests.servers.process import Server, free_port

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
_PYTHON_PLUGIN = "/usr/share/orthanc/plugins/libOrthancPython.so"
_WAKE = Path(__file__).parent.parent.parent / "deploy" / "orthanc" / "wake.py"


class Orthanc(Server):
    """`base` is the REST base URL, `<base>/dicom-web` that of DICOMweb."""

    def __init__(self, folder: Path, **settings: object) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True, exist_ok=True)
        configuration = {
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "HttpPort": port,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "DicomServerEnabled": False,
            "DefaultEncoding": "Utf8",
            "OverwriteInstances": False,
            "StableAge": 1,
            "Plugins": [PLUGIN],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
            **settings,
        }
        file = folder / "orthanc.json"
        file.write_text(json.dumps(configuration))
        super().__init__(["Orthanc", str(file)], f"{self.base}/system", folder / "orthanc.log", {"TCP_NODELAY": "1"})


def hooked(folder: Path, url: str, secret: str) -> Orthanc:
    """That calls the webhook `url` when instances come."""
    orthanc = Orthanc(folder, Plugins=[PLUGIN, _PYTHON_PLUGIN], PythonScript=str(_WAKE))
    orthanc.environment |= {"BRIDGE_HOOK_URL": url, "BRIDGE_HOOK_SECRET": secret}
    return orthanc
