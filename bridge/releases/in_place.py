"""Elements of an object that become others, in place. What is made stands where the elements stood that it is made of:
what goes into an SR of a resource is written in the order of its elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bridge.model.group import Json

Home = dict[str, Json]


def each(home: Home, name: str, change: Callable[[Json], Json]) -> None:
    """What is made of each value of the element; one of which nothing is made is dropped."""
    if name not in home:
        return
    value = home[name]
    if isinstance(value, list):
        put_list(home, name, [made for one in value if (made := change(one)) is not None])
    else:
        made = change(value)
        if made is None:
            del home[name]
        else:
            home[name] = made


def put_list(home: Home, name: str, found: list[Json]) -> None:
    """FHIR has no empty lists."""
    if found:
        home[name] = found
    else:
        del home[name]


def put_in(home: Home, place: str, made: Home, gone: Sequence[str] = ()) -> None:
    """`made` in place of that element, and without the elements that are `gone`."""
    whole = {**home}
    home.clear()
    for key, value in whole.items():
        if key == place:
            home |= made
        elif key not in gone and key not in made:
            home[key] = value


def gather(home: Home, name: str, names: Mapping[str, str], make: Callable[[Home], Json]) -> None:
    """What is made of the elements that go by those names, in place of the first of them."""
    if inner := {names[key]: one for key, one in home.items() if key in names}:
        put_in(home, next(key for key in home if key in names), {name: make(inner)}, gone=[*names])


def drop(home: Home, names: Sequence[str]) -> None:
    """With what stands beside a primitive (FHIR R4 json.html#primitive)."""
    for name in names:
        home.pop(name, None)
        home.pop(f"_{name}", None)
