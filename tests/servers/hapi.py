"""HAPI FHIR JPA server R4, H2 in memory. `hapi/` holds its one class; `install.sh` builds it."""

from __future__ import annotations

from pathlib import Path

from tests.servers.process import Server, free_port

HERE = Path(__file__).parent / "hapi"


class Hapi(Server):
    """`base` is the FHIR base URL."""

    def __init__(self, folder: Path, *settings: str) -> None:
        port = free_port()
        self.base = f"http://127.0.0.1:{port}/fhir"
        options = (
            "-Dstorage.autoCreatePlaceholderReferenceTargets=true",  # or it refuses most HL7 examples
            "-Dstorage.historyCountMode=COUNT_DISABLED",  # or it cuts _history for a minute
            "-Dstorage.allowExternalReferences=true",
            f"-Dstorage.treatBaseUrlsAsLocal={self.base}",
            *settings,
        )
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            "java", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8",
            f"-Dport={port}", f"-Ddb.url=jdbc:h2:mem:fhir{port};DB_CLOSE_DELAY=-1", *options,
            "-cp", f"{HERE}/target/fhir-jpa-server.jar:{HERE}/target/lib/*", "bridge.FhirServer",
        ]  # fmt: skip
        super().__init__(command, f"{self.base}/metadata", folder / "hapi.log")

    def empty(self) -> None:
        """It knows nothing any more, as when it was started: to start another one takes half a minute of CPU."""
        everything = {"name": "expungeEverything", "valueBoolean": True}
        body = {"resourceType": "Parameters", "parameter": [everything]}
        self.session.post(f"{self.base}/$expunge", json=body, timeout=300).raise_for_status()
