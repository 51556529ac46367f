"""Puts sample files into the servers, as a hospital's other systems would."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import requests

from bridge.codecs import json

_HEADERS = {"Content-Type": "application/fhir+json"}


def put(base: str, resource: dict[str, Any]) -> None:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    requests.put(url, data=json.dumps(resource), headers=_HEADERS, timeout=60).raise_for_status()


def load_resources(base: str, files: Sequence[Path]) -> None:
    """Bundles as transactions; examples under prefixed ids, for two sets share some."""
    for file in files:
        resource = json.loads(file.read_bytes())
        if resource["resourceType"] == "Bundle":
            sent = _transaction(resource)
            requests.post(base, data=json.dumps(sent), headers=_HEADERS, timeout=300).raise_for_status()
        else:
            prefix = re.sub(r"[^A-Za-z0-9]", "", file.name.partition("__")[0])[:8]
            put(base, resource | {"id": f"{prefix}-{resource['id']}"})


def register_patients(base: str) -> None:
    """Those that the server has made of references that lead nowhere, as a registry would send them."""
    found = json.loads(
        requests.get(f"{base}/Patient?_count=1000", headers={"Cache-Control": "no-cache"}, timeout=60).content
    )
    for one in (entry["resource"] for entry in found["entry"]):
        if any("resource-placeholder" in extension["url"] for extension in one.get("extension", ())):
            identifier = {"system": "urn:test:registry", "value": one["id"]}
            put(base, {"resourceType": "Patient", "id": one["id"], "identifier": [identifier]})


def _transaction(bundle: dict[str, Any]) -> dict[str, Any]:
    """A collection becomes a transaction of updates."""
    if bundle["type"] == "transaction":
        return bundle
    entries = [entry["resource"] for entry in bundle["entry"]]
    requests_ = [{"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"} for one in entries]
    pairs = zip(entries, requests_, strict=True)
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": resource, "request": request} for resource, request in pairs],
    }


def load_instances(base: str, files: Sequence[Path]) -> None:
    for file in files:
        requests.post(f"{base}/instances", data=file.read_bytes(), timeout=60).raise_for_status()
