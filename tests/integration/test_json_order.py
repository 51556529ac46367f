"""The order of JSON properties says nothing (RFC 8259): a server that turns it round has edited nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.codecs import json
from bridge.convert.run import Job, converted, converted_bytes
from bridge.model.release import Release
from bridge.translate.basis.ids import Known
from tests.corpus import SR_FILES, name


def turned(value: Any, reverse: bool) -> Any:
    if isinstance(value, dict):
        return {key: turned(value[key], reverse) for key in sorted(value, reverse=reverse)}
    return [turned(one, reverse) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("release", ["R4", "R5"])
@pytest.mark.parametrize("file", SR_FILES, ids=name)
def test_an_sr_is_the_same_instance_in_whatever_order_a_client_writes_properties(file: Path, release: Release) -> None:
    (there,) = converted(file, Job("fhir", Known(), None, release=release))
    job = Job("dicom", Known(), None, release=release)
    (expected,) = converted_bytes("bundle", there.data, job)
    for reverse in (False, True):
        (found,) = converted_bytes("bundle", json.dumps(turned(json.loads(there.data), reverse)), job)
        assert found.entry == expected.entry
        assert found.data == expected.data
