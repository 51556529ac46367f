"""What FHIR repeats on each result of a document born in DICOM, for readers of one result: method, subject and context
of its container (PS3.3 C.17.5), in the text of a coded value what is said against it, and continuous text as narrative.
They are copies, which follow the items that say them. A method or context that was edited itself is one of that very
result now (PS3.16 TID 300), which overrides what it inherits."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.model.content import ContentItem, Path
from bridge.model.group import Group, Json, Resource, same, with_element
from bridge.translate.basis.codeable import codes_in, displayed
from bridge.translate.basis.node import INHERITED, OWN
from bridge.translate.native.asserted import Members, called_in, denials_in, is_as_qualified
from bridge.translate.native.shared_context import concept_of, in_their_order, is_shared
from bridge.translate.native.subject_context import is_of_subject, says_subject
from bridge.translate.native.subjects import is_its_own, says_class
from bridge.translate.native.to_fhir import FhirImage
from bridge.translate.remainder.json_patch import canonical_text, guard

_FOLLOWS = "repeats an item that was edited: it follows that"
_METHOD, _FOCUS, _TEXT, _COMPONENT = "method", "focus", "valueCodeableConcept.text", "component"
_NARRATIVE = "text"
Copies = dict[str, Json]
"""By the element, of a component with what it is of."""


def copies_in(native: Resource, members: Members) -> Copies:
    """Of an Observation as it is read natively. The subject is said of no result itself."""
    if native.get("resourceType") != "Observation":
        return {}
    found: Copies = {_component(one): _plain(one) for one in native.get("component", ()) if is_shared(one)}
    if _FOCUS in native:
        found[_FOCUS] = native[_FOCUS]
    if "method" in native and native[_METHOD].get("id") == INHERITED:
        found[_METHOD] = native[_METHOD]
    if _NARRATIVE in native:
        found[_NARRATIVE] = native[_NARRATIVE]
    if is_as_qualified(native, members):
        found[_TEXT] = native["valueCodeableConcept"]["text"]
    return found


def _said_in(home: Resource) -> Copies:
    """What could be a copy. A component with an element id of its own is the item of that place."""
    found: Copies = {_METHOD: home[_METHOD]} if _METHOD in home else {}
    if _NARRATIVE in home:
        found[_NARRATIVE] = home[_NARRATIVE]
    if said := about(home):
        found[_FOCUS] = said
    if "text" in home.get("valueCodeableConcept", {}):
        found[_TEXT] = home["valueCodeableConcept"]["text"]
    for one in home.get("component", ()):
        if is_shared(one) or "id" not in one:
            found[_component(one)] = _plain(one)
    return found


def _plain(component: Json) -> Json:
    return {key: said for key, said in component.items() if key not in ("id", "extension")}


def _component(component: Json) -> str:
    """Its name among the copies: of each concept there is one."""
    return f"{_COMPONENT} {concept_of(component)}"


def repeated_in(homes: dict[Path, Json], natives: dict[Path, Json]) -> list[str]:
    """Digests of what results repeat as `natives` are read, each of one result at one place; no more than its name
    where it was edited."""
    found, members = list[str](), denials_in(natives.values())
    for path, home in homes.items():
        native = copies_in(natives.get(path, {}), members)
        said = _said_in(home) if native else {}
        for name in native.keys() & said.keys():
            words = _said(said[name])
            is_copy = same(said[name], native[name]) or words == _said(native[name])
            found.append(_name(home, name) + (_digest(path, words) if is_copy else ""))
    return sorted(found)


def repeating_again(group: Group, copies: list[str]) -> Group:
    """Marks methods and contexts that repeat an item, and that somebody has written anew without our element id. The
    very same group where there are none."""
    names = {one[:_NAME] for one in copies}
    anew = dict[int, Resource]()
    for one in group.resources() if names else ():
        made = _marked(one, names) if one.get("resourceType") == "Observation" else one
        if made is not one:
            anew[id(one)] = made
    return group.with_resources(anew) if anew else group


def _marked(observation: Resource, names: set[str]) -> Resource:
    found = observation
    if "id" not in observation.get("method", {"id": ""}) and _name(observation, _METHOD) in names:
        found = found | {"method": {"id": INHERITED} | observation["method"]}
    parts = observation.get("component", ())
    again = [one | {"id": INHERITED} if _is_copy(one, observation, names) else one for one in parts]
    again = in_their_order(again)
    return found | {"component": again} if again != [*parts] else found


def _is_copy(component: Json, observation: Resource, names: set[str]) -> bool:
    return "id" not in component and _name(observation, _component(component)) in names


def with_context(
    group: Group,
    homes: dict[Path, Json],
    image: FhirImage,
    root: ContentItem,
    copies: list[str] | None,
    moves: dict[Path, Path],
    *,
    edited: bool,
) -> tuple[Group, list[str]]:
    """Lets copies follow the items that they repeat, and makes a method or context that was edited itself the result's
    own. What a client has left out of copies is there again. Returns the very same group where nothing is to be done;
    and warnings. `copies`: `repeated_in` the document as it was; None of one that an earlier bridge read. `moves`:
    where its items were, and are; `edited`: whether these are others."""
    context = _Context(root, homes, copies, moves, edited=edited)
    new, members = dict[int, Resource](), denials_in(image.homes.values())
    for path, home in homes.items():
        if home.get("resourceType") == "Observation":
            followed = context.followed(path, home, copies_in(image.homes.get(path, {}), members))
            if followed is not home:
                new[id(home)] = followed
    return (group.with_resources(new) if new else group), list(dict.fromkeys(context.warnings))


class _Context:
    """What was known of the copies; and which results, of those looked at, are about somebody else now."""

    def __init__(
        self,
        root: ContentItem,
        homes: dict[Path, Json],
        copies: list[str] | None,
        moves: dict[Path, Path],
        *,
        edited: bool,
    ) -> None:
        self.root, self.homes, self.moves = root, homes, moves
        self.edited, self.is_told = edited, copies is not None
        self.known, self.names = set(copies or ()), {one[:_NAME] for one in copies or ()}
        self.former = {now: was for was, now in moves.items()}
        self.others, self.warnings = set[Path](), list[str]()

    def followed(self, path: Path, home: Resource, native: Copies) -> Resource:
        """The result with its copies as they have to be; the very same where they are. `native`: what it repeats."""
        said, current = _said_in(home), home
        for name in [*said, *(native.keys() - said.keys())]:
            if name in said and _same(said[name], native.get(name)):
                continue
            was = name in said and self._was(path, home, name, said[name])
            if name == _FOCUS and any(path[:up] in self.others for up in range(len(path))):
                continue  # below what is about somebody else now: looked at when that says so
            if name == _FOCUS and (self._is_edited(path, name in said, was, native) or self._is_about_anew(path, home)):
                current = self._about(path, home, current, native)
            elif was or self._is_back(home, name, said, native):
                current = _following(current, name, native)
                self.warnings += [f"Observation.{name.partition(' ')[0]} {_FOLLOWS}"] if was else []
            elif name in said:
                current = _own(current, name)
        return current

    def _is_about_anew(self, path: Path, home: Resource) -> bool:
        """Whether an edit of the items has put it in, or below another one: what a client has left out is known."""
        is_new = self.is_told and _name(home, _FOCUS) not in self.names
        return self.edited and (is_new or _is_moved(path, self.former, self.moves))

    def _is_edited(self, path: Path, is_said: bool, was: bool, native: Copies) -> bool:  # noqa: FBT001
        """Whether `focus` says of itself whom the result is about."""
        return self._is_unsaid(path, native) if was else is_said

    def _is_unsaid(self, path: Path, native: Copies) -> bool:
        """Whether no item says any more whom a result is about, as the nearest that says somebody says whom it said
        before: who took items away because `focus` repeats them has left that."""
        depths = range(len(path), -1, -1)
        nearest = next((path[:depth] for depth in depths if self._says_subject(path[:depth])), None)
        if nearest is None or nearest == path:
            return nearest is None
        home = self.homes.get(nearest, {})
        return self._was(nearest, home, _FOCUS, about(home)) and _same(about(home), native.get(_FOCUS, []))

    def _says_subject(self, path: Path) -> bool:
        return any(is_of_subject(one.concept) for one in self.root.at(path).children)

    def _was(self, path: Path, home: Resource, name: str, said: Json) -> bool:
        """Whether the copy of that name said so when the document was read."""
        return _name(home, name) + _digest(self.former.get(path, path), _said(said)) in self.known

    def _about(self, path: Path, home: Resource, current: Resource, native: Copies) -> Resource:
        """With our mark: it says itself whom it is about, unless it did, or items of its own say so that were edited,
        too. Those that were not say the former one; they stay where none could say the new one, or it is the same by
        name: without them who is below would be the patient."""
        if is_its_own(home):
            return current
        if self._says_subject(path):
            if not says_class(home) or _displays(about(home)) == _displays(native.get(_FOCUS, [])):
                return current
            parts = current.get(_COMPONENT, [])
            left = [one for one in parts if not says_subject(one)]
            if len(left) == len(parts) or not self._was(path, home, _FOCUS, native.get(_FOCUS)):
                return current
            current = with_element(current, _COMPONENT, left)
        self.others.add(path)
        return current | {_FOCUS: [one | {"id": OWN} for one in about(home) or [{}]]}

    def _is_back(self, home: Resource, name: str, said: Copies, native: Copies) -> bool:
        """Whether somebody has left out a copy that is to be there again, or of a text what is said against it."""
        if name == _TEXT and "valueCodeableConcept" not in home:
            return False  # a value that is no code any more has none
        if name not in said:
            return name.startswith((_COMPONENT, _TEXT)) and (self.edited or _name(home, name) in self.names)
        return name == _TEXT and name in native and bool(said[name] == called_in(home))


def told_otherwise(homes: dict[Path, Json], image: FhirImage, root: ContentItem) -> frozenset[Path]:
    """Paths of results whose own items say that they are about somebody else than `focus` says."""
    return frozenset(
        path
        for path, home in homes.items()
        if home.get("resourceType") == "Observation"
        and (_FOCUS in home or _FOCUS in image.homes.get(path, {}))
        and not _same(about(home), image.homes.get(path, {}).get(_FOCUS, []))
        and any(is_of_subject(one.concept) for one in root.at(path).children)
    )


def about(home: Resource) -> list[Json]:
    """`focus` without our marks."""
    plain = ({key: said for key, said in one.items() if key != "id"} for one in home.get(_FOCUS, ()))
    return [one for one in plain if one]


def _displays(foci: list[Json]) -> list[str | None]:
    return [one.get("display") for one in foci]


def _is_moved(path: Path, former: dict[Path, Path], moves: dict[Path, Path]) -> bool:
    """Whether an item stands below another one than before: it is about whom its result says, and about the patient
    where that says nobody."""
    was = former.get(path)
    return was is not None and moves.get(was[:-1]) != path[:-1]


def unmarked(group: Group, homes: dict[Path, Json]) -> tuple[Group, dict[Path, Json]]:
    """Takes our marks off `focus`, once its items are made; the very same where there are none."""
    marked = [one for one in group.resources() if is_its_own(one)]
    if not marked:
        return group, homes
    made = {id(one): _following(one, _FOCUS, {_FOCUS: said} if (said := about(one)) else {}) for one in marked}
    return group.with_resources(made), {path: made.get(id(home), home) for path, home in homes.items()}


def _following(home: Resource, name: str, native: Mapping[str, Json]) -> Resource:
    """With what the document says now, or without."""
    if name == _TEXT:
        return home | {"valueCodeableConcept": with_element(home["valueCodeableConcept"], "text", native.get(name))}
    if name in (_METHOD, _FOCUS, _NARRATIVE):
        return with_element(home, name, native.get(name))
    parts = [one for one in home.get("component", ()) if not (is_shared(one) and _component(one) == name)]
    parts += [{"id": INHERITED} | native[name]] if name in native else []
    return with_element(home, "component", parts)


def _own(home: Resource, name: str) -> Resource:
    """What was edited itself; the very same where it is no copy."""
    if name == _METHOD and home["method"].get("id") == INHERITED:
        return home | {"method": home["method"] | {"id": OWN}}
    if not any(is_shared(one) and _component(one) == name for one in home.get("component", ())):
        return home
    parts = home["component"]
    own = [one | {"id": OWN} if is_shared(one) and _component(one) == name else one for one in parts]
    return home | {"component": own}


def _same(said: Json, native: Json) -> bool:
    return same(said, native) or bool(_said(said) == _said(native))


def _said(value: Json) -> Json:
    """Of a concept its codes and words: what only repeats a code may be left out."""
    if not isinstance(value, dict):
        return canonical_text(value)
    if not value.keys() & {"coding", "text"}:
        return canonical_text(value)
    return [codes_in(value), value.get("text", displayed(value))]


def _name(resource: Resource, name: str) -> str:
    return guard([resource.get("id"), name])


_NAME = len(_name({}, ""))


def _digest(path: Path, words: Json) -> str:
    """Of `_said`. Places within one parent may change: all of them inherit the same."""
    return guard([*path[:-1], words])
