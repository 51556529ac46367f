"""What became of each leaf of a resource: a primitive, at the place that its path says."""

from __future__ import annotations

from bridge.model.content import Code
from bridge.model.group import Json, Resource
from bridge.translate.remainder.extension import without_remainders
from bridge.translate.report.report import Detail
from bridge.translate.report.rules import GENERIC, NONE, REMAINDER, Rules, named

_LEFT: dict[str, tuple[str, str, str]] = {  # outcome, rule and reason of what is not mapped
    "carried": ("carried", REMAINDER, "no native place in the SR"),
    "withheld": ("withheld", NONE, "no place in the Patient Module"),
}
_ABSENT = object()


def outcomes(
    resource: Resource, native: Resource, renames: dict[str, str], otherwise: str, rules: Rules
) -> list[Detail]:
    """What became of each leaf, in the order of the resource, our remainders aside. A leaf is mapped where `native`,
    which the SR alone gives, says the same; `renames`: what the group calls what that refers to."""
    walk = _Walk(resource["resourceType"], renames, otherwise, rules)
    walk.derived = not any("id" in one for one in native.get("category", ()))
    walk.over(resource, native, walk.kind, (), rules.concept(resource))
    return walk.found


class _Walk:
    def __init__(self, kind: str, renames: dict[str, str], otherwise: str, rules: Rules) -> None:
        self.kind, self.renames, self.left, self.rules = kind, renames, _LEFT[otherwise], rules
        self.found: list[Detail] = []
        self.row: str | None = None  # of the code that it stands in
        self.derived = False  # the category follows from title, concept or template: no item says it

    def over(self, value: Json, native: Json, path: str, names: tuple[str, ...], about: Code | None) -> None:
        if isinstance(value, dict):
            have = native if isinstance(native, dict) else {}
            if names and isinstance(value.get("coding"), list):
                self.row = self.rules.coded(self.kind, names, {"coding": value["coding"]})
            for key, child in value.items():
                inner = (*names, key)
                if isinstance(child, dict | list):
                    kept = without_remainders(child) if key == "extension" else child
                    self.over(kept, have.get(key), f"{path}.{key}", inner, about)
                else:
                    self._leaf(child, have.get(key, _ABSENT), f"{path}.{key}", inner, about)
        elif isinstance(value, list):
            listed = native if isinstance(native, list) else []
            component = names == ("component",)
            for index, child in enumerate(value):
                one = self.rules.concept(child) if component else about
                self.over(child, listed[index] if index < len(listed) else _ABSENT, f"{path}.{index}", names, one)
        else:
            self._leaf(value, native, path, names, about)

    def _leaf(self, value: Json, native: Json, path: str, names: tuple[str, ...], about: Code | None) -> None:
        if self._says(native, value, names):
            derived = self.derived and names[0] == "category"
            of_code = self.row if "coding" in names else None
            rule = GENERIC if derived else of_code or self.rules.leaf(self.kind, names, about)
            self.found.append(Detail(path, named(about), "mapped", rule, None))
        else:
            self.found.append(Detail(path, named(about), *self.left))

    def _says(self, native: Json, value: Json, names: tuple[str, ...]) -> bool:
        """Equal, or the same instant spelled otherwise: `Z` is `+00:00`."""
        if type(native) is not type(value):
            return False
        if names[-1] == "reference":
            native = self.renames.get(native, native)
        if native == value:
            return True
        return isinstance(native, str) and _instant(native) == _instant(value)


def _instant(text: str) -> str:
    return text.removesuffix("Z").removesuffix("+00:00")
