"""`fhir-dicom crossed`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = "Show reports of `convert` as a table: what crossed, and what became of its elements."
EXAMPLE = "Example: fhir-dicom crossed report.json"


def crossed(reports: Annotated[list[Path], typer.Argument(metavar="REPORT...")]) -> None:
    from bridge.codecs import json as codec

    print(f"{'source':40}{'status':>10}{'elements':>10}{'mapped':>8}{'carried':>9}{'withheld':>10}  target")
    for report in reports:
        for one in codec.loads(report.read_bytes())["documents"]:
            items = one["items"]
            target = one["targets"][0] if one["targets"] else one.get("reason") or one["error"]
            print(
                f"{one['source'][-39:]:40}{one['status']:>10}{items['total']:>10}{items['mapped']:>8}"
                f"{items['carried']:>9}{items['withheld']:>10}  {target}"
            )
