"""All that `fhir-dicom` may import, and a pass that it has made: whoever has this can be forked into one that runs at
once."""

from __future__ import annotations

import importlib
import pkgutil
import tempfile
from pathlib import Path

import bridge
from fixtures.stores import lay_out
from tests import ledgers
from tests.command_line import fhir_dicom

for _module in pkgutil.walk_packages(bridge.__path__, "bridge."):
    if ".migrations." not in _module.name and not _module.name.endswith(
        "__main__"
    ):  # these run where they are imported
        importlib.import_module(_module.name)

ledgers.quicken()
with tempfile.TemporaryDirectory() as _name:
    lay_out(Path(_name) / "data")
    fhir_dicom(Path(_name), "sync", "--once")  # its statements are compiled
