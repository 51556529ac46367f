"""All that `fhir-dicom` may import: whoever has this can be forked into one that runs at once."""

from __future__ import annotations

import importlib
import pkgutil

import bridge

for _module in pkgutil.walk_packages(bridge.__path__, "bridge."):
    if ".migrations." not in _module.name and not _module.name.endswith(
        "__main__"
    ):  # these run where they are imported
        importlib.import_module(_module.name)
