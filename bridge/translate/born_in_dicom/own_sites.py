"""Body sites of a document born in DICOM that FHIR repeats on each result (PS3.3 C.17.5). One that was edited is a
Finding Site of that result now (PS3.16 TID 300), which overrides what it inherits; a copy follows what it repeats, and
so does the side that the text of a result's own Finding Site repeats."""

from __future__ import annotations

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path
from bridge.model.group import Group, Json, Resource, with_element
from bridge.translate.basis.codeable import codes_in, displayed
from bridge.translate.basis.node import INHERITED, OWN, Home
from bridge.translate.native.sites import is_site
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.json_patch import guard
from bridge.translate.remainder.private import Piece

_FOLLOWS = "Observation.bodySite repeats a Finding Site that was edited: it follows that"
_FOLLOWS_SIDE = "Observation.bodySite.text repeats a Laterality that was edited: it follows that"
_SIDED = (
    "Observation.bodySite was edited, and a Laterality around it is coded: a DICOM reader sees both; edit that, too"
)
_TWICE = "Observation.bodySite repeats a Finding Site that is a result of its own: edit that, too"


def sites_in(homes: dict[Path, Json], natives: dict[Path, Json], pieces: dict[Path, Piece]) -> list[str]:
    """Digests of the results that repeat a body site around their item, as `natives` are read, each with one of that
    site, unless the pieces say it: it was edited. They are of one result at one place: the site of another is none."""
    found = list[str]()
    for path, home in homes.items():
        if "bodySite" not in home:
            continue
        edited = any(map(_is_of_site, pieces.get(path, {}).get("entries", ())))
        if _inherits(natives.get(path, {})):
            found.append(_name(home) + ("" if edited else _digest(path, home)))
        elif _repeats_side(natives.get(path, {})) and not edited:
            found.append(_SIDE + _digest(path, home))
    return found


def inheriting_again(group: Group, sites: list[str]) -> Group:
    """Marks results that repeat a site, and that somebody has written anew without our element id. The very same group
    where there are none."""
    names = {one[:_NAME] for one in sites}
    anew = {
        id(one): {"id": INHERITED} | one["bodySite"]
        for one in group.resources()
        if names and "id" not in one.get("bodySite", {"id": ""}) and _name(one) in names
    }
    return _with_sites(group, anew) if anew else group


def settled(
    group: Group,
    homes: dict[Path, Json],
    image: FhirImage,
    root: ContentItem,
    mapping: Mapping,
    copies: list[str],
    moves: dict[Path, Path],
) -> tuple[Group, list[str]]:
    """Replaces `bodySite` where needed: an edited copy becomes the result's own Finding Site, an unedited copy takes
    the site that the document says now. What is below an edited site was not edited, and says its own, too. Returns the
    very same group where nothing is to be replaced; and warnings. `copies`: `sites_in` of the document as it was;
    `moves`: where its items were, and are."""
    former = {now: was for was, now in moves.items()}
    inheriting = {path: home for path, home in homes.items() if _inherits(home)}
    natives = {path: image.homes.get(path, {}).get("bodySite", {}) for path in inheriting}
    sites, warnings = _with_their_sides(homes, image, copies, former)
    for path, home in inheriting.items():
        if id(home) in sites or not _is_another(home["bodySite"], natives[path]):
            continue
        if _name(home) + _digest(former.get(path, path), home) in copies:
            sites[id(home)] = natives[path]
            warnings.append(_FOLLOWS)
        elif any(is_site(child, mapping) for child in root.at(path).children):
            warnings.append(_TWICE)  # a second one would contradict it
        else:
            of_same = (at for at in inheriting if at[: len(path)] == path and _is_of_same(natives[at], natives[path]))
            for at in (path, *of_same):
                sites.setdefault(id(inheriting[at]), _own(inheriting[at]))
            if "text" in natives[path] and natives[path]["text"] != displayed(natives[path]):
                warnings.append(_SIDED)
    return (_with_sites(group, sites) if sites else group), list(dict.fromkeys(warnings))


def _with_their_sides(
    homes: dict[Path, Json], image: FhirImage, copies: list[str], former: dict[Path, Path]
) -> tuple[dict[int, Home], list[str]]:
    """Of results that have a Finding Site of their own; its code is that of the item already."""
    sites, warnings = dict[int, Home](), list[str]()
    for path, home in homes.items():
        native, site = image.homes.get(path, {}).get("bodySite", {}), home.get("bodySite", {})
        if site.get("id") in (INHERITED, OWN) or "text" not in site or not native or not _is_another(site, native):
            continue
        if _SIDE + _digest(former.get(path, path), home) in copies:
            said = {"text": native["text"]} if "text" in native else {}
            sites[id(home)] = {key: one for key, one in site.items() if key != "text"} | said
            warnings.append(_FOLLOWS_SIDE)
        elif _repeats_side(image.homes[path]):
            warnings.append(_SIDED)
    return sites, warnings


def _with_sites(group: Group, sites: dict[int, Home]) -> Group:
    sited = (one for one in group.resources() if id(one) in sites)
    return group.with_resources({id(one): with_element(one, "bodySite", sites[id(one)]) for one in sited})


def _own(resource: Resource) -> Home:
    return {"id": OWN} | {key: one for key, one in resource["bodySite"].items() if key != "id"}


def _inherits(home: Home) -> bool:
    return home.get("resourceType") == "Observation" and home.get("bodySite", {}).get("id") == INHERITED


def _repeats_side(home: Home) -> bool:
    """Of a result's own Finding Site, as it is read: its text says more than its code."""
    site = home.get("bodySite", {}) if home.get("resourceType") == "Observation" else {}
    return "text" in site and site.get("id") != INHERITED and site["text"] != displayed(site)


_SIDE = "="  # begins no name


def _name(resource: Resource) -> str:
    return guard(resource.get("id"))


_NAME = len(_name({}))


def _is_of_site(entry: list[Json]) -> bool:
    return bool(entry[0].partition("/")[0] == "bodySite")


def _is_another(site: Home, native: Home) -> bool:
    """By its codes, or by words that are there: the side is one of them."""
    if codes_in(site) != codes_in(native):
        return True
    return "text" in site and site["text"] != native.get("text", displayed(native))


def _is_of_same(site: Home, native: Home) -> bool:
    """Whether that is the site that both inherit, which one of them may say a side of."""
    return codes_in(site) == codes_in(native) if codes_in(site) else not _is_another(site, native)


def _digest(path: Path, resource: Resource) -> str:
    """Places within one parent may change: all of them inherit the same."""
    site = resource["bodySite"]
    return guard([resource.get("id"), *path[:-1], *codes_in(site), site.get("text")])
