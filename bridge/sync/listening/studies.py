"""Which study is to be looked at when an instance comes, or goes: once, however many of its instances there are."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.errors import BridgeError
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from bridge.model.dataset import DataSet
from bridge.stores.store import Place, is_study
from bridge.sync.basis.owe import owe_dicom
from bridge.sync.basis.route import Route
from bridge.translate.header.imaging_study import is_document


def instance_news(route: Route, ledger: Ledger, fresh: Sequence[tuple[str, str]]) -> list[News]:
    """What fresh instances, by key and version, make owed: a document itself, anything else its study. Which study that
    is, is kept: the store does not know it any more when the instance is gone."""
    if not route.imaging_studies:
        return [News(key, version, (key,)) for key, version in fresh if not is_study(key)]
    instances = [key for key, _ in fresh if not is_study(key)]
    places = dict(zip(instances, route.dicom.placed(instances) if instances else (), strict=True))
    return [_news(route, ledger, key, version, places.get(key)) for key, version in fresh]


def _news(route: Route, ledger: Ledger, key: str, version: str, place: Place | None) -> News:
    if place is None:  # a study; or gone already, or unreadable: whoever looks at it says so
        return News(key, version, (key,))
    if not is_document(place.sop_class):
        return News(key, version, (place.study,), (place.study,))
    stands = ledger.studies.of(route.name, place.study) is not None  # documents alone are no imaging study
    return News(key, version, (key, place.study) if stands else (key,), (place.study,))


def images_among(route: Route, ledger: Ledger, keys: Sequence[str]) -> dict[str, str]:
    """The studies of those instances that are no documents. They are owed where all is looked at again, or where the
    route wants no ImagingStudies; to read a million images in order to skip them would take days."""
    instances = [key for key in keys if not is_study(key)]
    unknown = sorted(set(instances) - ledger.names.known(route.name, instances))
    try:
        places = route.dicom.placed(unknown) if unknown else ()
    except BridgeError:
        return {}  # it comes again where each is read
    found = zip(unknown, places, strict=True)
    return {key: one.study for key, one in found if one and one.sop_class and not is_document(one.sop_class)}


def owe_studies(route: Route, ledger: Ledger, gone: Sequence[str]) -> None:
    """Owes the studies that these instances, which are gone, were in."""
    out, _ = ledger.feeds.neighbours(route.name, route.dicom.name, gone) if route.imaging_studies else (set(), set())
    for study in {target for _, target in out}:
        owe_dicom(route, ledger, study)


def owe_study(route: Route, ledger: Ledger, dataset: DataSet) -> None:
    """Owes the study of an instance that we have stored ourselves: it is looked at in the same pass."""
    study = route.dicom.study_of(dataset)
    if route.imaging_studies and ledger.studies.of(route.name, study) is not None:
        owe_dicom(route, ledger, study)
