"""The ImagingStudies that a document from the PACS refers to: the one of each study, made where it is missing."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

from bridge.mapping.mapping import Mapping
from bridge.mapping.texts import uid_of
from bridge.model.dataset import DataSet, merged, text_element
from bridge.model.group import Resource
from bridge.model.names import DICOM_UID_SYSTEM
from bridge.model.tags import STUDY_UID
from bridge.stores.store import Write
from bridge.sync.imaging_study import whole_study
from bridge.sync.route import Route
from bridge.translate.ids import Known
from bridge.translate.imaging_study import has_images
from bridge.translate.shared_study import apart

Views = MappingOf[str, Resource]
"""What a document says of each study, by the key of the ImagingStudy that is shared."""


class StudiesOfDocument:
    def __init__(self, route: Route, mapping: Mapping) -> None:
        self.route, self.mapping = route, mapping

    def apart(self, resources: list[Resource], known: Known) -> tuple[list[Resource], Views]:
        return apart(resources, known) if self.route.imaging_studies else (resources, {})

    def referred(self, header: DataSet, views: Views) -> tuple[dict[str, str], list[Write[Resource]]]:
        """What references to those that somebody else has made become; and what is missing, to be written."""
        names: dict[str, str] = {}
        missing: list[Write[Resource]] = []
        there = {one.key for one in self.route.fhir.read(list(views)) if one is not None} if views else set()
        for key in views.keys() - there:
            uid = str(uid_of(views[key]["identifier"]))
            strangers = self.route.fhir.find("ImagingStudy", DICOM_UID_SYSTEM, f"urn:oid:{uid}")
            if strangers:
                names[key] = min(one.key for one in strangers)
            else:
                missing.append(Write(key, self._made(key, views[key], self._headers(header, uid))))
        return names, sorted(missing, key=lambda one: one.key)

    def _headers(self, header: DataSet, uid: str) -> Sequence[DataSet]:
        """Of that study of the same patient, if it is in the PACS."""
        return self.route.dicom.study(self.route.dicom.study_of(merged(header, [text_element(STUDY_UID, "UI", uid)])))

    def _made(self, key: str, view: Resource, headers: Sequence[DataSet]) -> Resource:
        """The whole, where there are images; of documents alone, what this one says."""
        if not has_images(headers):
            return view | {"id": key.partition("/")[2]}
        return whole_study(self.route, self.mapping, headers) | {"subject": view["subject"]}
