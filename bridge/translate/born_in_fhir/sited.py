"""A side that somebody adds in the PACS below the Finding Site of a document made from resources: `bodySite` says it in
words, and what is below the site stands and falls with that."""

from __future__ import annotations

from collections.abc import Collection

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path
from bridge.model.group import Json
from bridge.translate.basis.codeable import codes_in
from bridge.translate.basis.node import INHERITED, Home
from bridge.translate.native.sites import is_site
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.json_patch import guard


def said_by_site(image: FhirImage, root: ContentItem, ours: Collection[Path], mapping: Mapping) -> None:
    """Takes away, in place, results that are the Finding Site of another: such a site is read as one where it has items
    below, and would say the former site where `bodySite` is edited or removed. `ours`: items that resources of the
    group became."""
    for path, home in [*image.homes.items()]:
        if home.get("resourceType") != "Observation" or home.get("bodySite", {}).get("id") != INHERITED:
            continue
        for index, child in enumerate(root.at(path).children):
            site = image.homes.get((*path, index), {})
            if is_site(child, mapping) and site.get("resourceType") == "Observation" and (*path, index) not in ours:
                _leave_out(image, home, site, (*path, index))


def _leave_out(image: FhirImage, home: Home, site: Home, at: Path) -> None:
    members = [one for one in home.get("hasMember", ()) if one["reference"] != f"Observation/{site['id']}"]
    home.pop("hasMember", None)
    if members:
        home["hasMember"] = members
    for path in [one for one in image.homes if one[: len(at)] == at]:
        del image.homes[path]


def site_guard(site: Home) -> Json:
    """Guards of what a site says by code and, where they are there, by words."""
    return [guard(codes_in(site)), guard(site.get("text"))]


def is_other_site(site: Home, before: Json) -> bool:
    """Whether the site was edited; leaving words out is no edit. `before`: `site_guard` of what it was."""
    codes, words = site_guard(site)
    return bool(codes != before[0] or ("text" in site and words != before[1]))
