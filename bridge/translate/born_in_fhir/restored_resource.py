"""One resource that a document was made from: as its item is read natively, with what the piece of the item says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bridge.model.content import Path
from bridge.model.document import Document
from bridge.model.group import Json, Resource, renamed
from bridge.translate.basis.ids import Known
from bridge.translate.basis.times import zone_of
from bridge.translate.born_in_fhir import rendered
from bridge.translate.born_in_fhir.as_made import as_made
from bridge.translate.born_in_fhir.referring import followed, nobody_said, without_observers
from bridge.translate.born_in_fhir.rendered import Entries
from bridge.translate.born_in_fhir.retyped import retyped
from bridge.translate.born_in_fhir.untimed import DATED, is_untimed, untimed, was_timed
from bridge.translate.header.header import content_time
from bridge.translate.native.sides import without_side
from bridge.translate.native.specimens import told_of_specimen, told_since
from bridge.translate.native.subjects import without_focus_code
from bridge.translate.remainder.beside import without_stale
from bridge.translate.remainder.json_patch import guard, json_patched
from bridge.translate.remainder.moved import moved
from bridge.translate.remainder.private import Piece
from bridge.translate.report.report import Report

STALE = "what it stands beside was changed in DICOM since, and the words were not: they are left out"
FORMER = "it says what was edited in DICOM since, as it was before: it is left out"
GONE = "what stood there was removed or edited in DICOM since, and something else stands there"
OTHER_SPECIMEN = "edited in DICOM since; the Specimen, and what else refers to it, stays what it was"
LISTED = "edited in DICOM since; references that no item says are kept"
UNSURE = "items were edited in DICOM since; it is kept, for it may say more than they did: read it"


@dataclass
class Restoring:
    """Resources of one document; what does not fit any more is left out, with a warning in the report."""

    document: Document
    known: Known
    manifest: dict[str, Any]  # of its group
    report: Report

    @cached_property
    def _written(self) -> str | None:
        header = self.document.header
        return content_time(header, zone_of(header, self.known.zone))

    def resource(self, native: Resource, name: str, piece: Piece, path: Path) -> tuple[Resource, list[str]]:
        """Returns the resource by its own `name`; and the places where the value of the document wins."""
        born, utc = "born" in self.manifest, self.manifest.get("utc")
        native = native if born else without_observers(native, nobody_said(piece.get("entries", [])))
        specimen = piece.get("specimen", {})
        found = as_made(
            native, name, born, self.known, utc, states_subject="subject" in piece, of_specimen=specimen.keys()
        )
        for place in without_stale(found, piece.get("words", {})):
            self.report.warnings.append(f"{found['resourceType']}.{place}.text: {STALE}")
        piece, removed = _moved(found, piece)
        self.report.warnings += [f"{found['resourceType']}.{place}: {GONE}" for place in removed]
        entries, listed = self._entries(found, piece, path), list[str]()
        if not born:
            entries, listed = followed(native, found, entries, piece.get("referring", {}))
            self.report.warnings += [f"{found['resourceType']}.{place}: {LISTED}" for place in listed]
        if not born and is_untimed(native, self.document.root, path, self._written):
            if was_timed(entries):
                self.report.warnings.append(f"{found['resourceType']}: {DATED}")
            entries = untimed(found, entries)
        site: Resource = renamed(found.get("bodySite", {}), {})
        dropped = patch(found, entries, self.report)
        if "focus" in dropped:
            without_focus_code(found)
        if any(one.partition(".")[0] == "bodySite" for one in dropped) and "bodySite" in found:
            without_side(found["bodySite"], site)
        if any(guard(told_of_specimen(native).get(name)) != said for name, said in specimen.items()):
            told_since(found, native, specimen.keys())
            self.report.warnings.append(f"{found['resourceType']}.specimen: {OTHER_SPECIMEN}")
        return found, [*removed, *listed, *dropped]

    def _entries(self, resource: Resource, piece: Piece, path: Path) -> Entries:
        said, guards = piece.get("entries", []), piece.get("rendered", {})
        entries, gone, unsure = rendered.without_stale(resource, said, guards, self.document.root, path)
        kind = resource["resourceType"]
        self.report.warnings += [f"{kind}.{place.replace('/', '.')}: {FORMER}" for place in gone]
        self.report.warnings += [f"{kind}.{place}: {UNSURE}" for place in unsure]
        return entries


def _moved(resource: Resource, piece: Piece) -> tuple[Piece, list[str]]:
    """What the piece says of elements of lists, where these are now; and the places of those that are no more."""
    entries = piece.get("entries", [])
    now = moved(resource, entries)
    here = piece | {"entries": now.entries(entries), "rendered": now.guards(piece.get("rendered", {}))}
    return here, [path.replace("/", ".") for path, *_ in entries if path in now.gone]


def patch(resource: Resource, entries: Sequence[list[Json]], report: Report) -> list[str]:
    """Applies the entries in place; returns the places where the value of the document wins."""
    said = [*entries]
    stale = [one for one in said if one[0] == _REASON and _has_other_value(resource, said)]
    amended = [one for one in said if _stays_amended(resource, one)]
    for one in amended:
        resource[_STATUS] = one[2]
    left, changed = retyped(resource, [one for one in said if one not in (*stale, *amended)])
    dropped = [*(one[0] for one in stale), *changed, *json_patched(resource, left)]
    for place in dropped:
        report.warnings.append(f"{resource['resourceType']}.{place}: changed in DICOM since; its value wins")
    return dropped


def _has_other_value(resource: Resource, entries: Sequence[list[Json]]) -> bool:
    """Whether the document says a value that the resource did not have, where it says in FHIR why there is none (R4
    obs-6): of a heading somebody made a result."""
    return any(key.startswith("value") and not any(one[0].split("/")[0] == key for one in entries) for key in resource)


def _stays_amended(resource: Resource, entry: list[Json]) -> bool:
    """Whether the document became final since, with a result that was amended before it was."""
    return entry[0] == _STATUS and resource.get(_STATUS) == "final" and entry[2:3] in (["amended"], ["corrected"])


_REASON, _STATUS = "dataAbsentReason", "status"
