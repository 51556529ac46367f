"""What cannot be, or is hardly meant to be, the URI of a code system: FHIR R4 Coding.system, RFC 3986, and the ways in
which people write the URIs of well-known systems."""

from __future__ import annotations

import re

from bridge.terminology.schemes import SCHEMES

_NO_URI = re.compile(r"[^!-~\w]|[\"<>\\^`{|}]")  # RFC 3986 2; letters of other scripts are odd alone
_WHOLE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.+)")
_FORMS = {  # of URI schemes -> what stands behind the colon, and an example
    "http": (re.compile(r"//[^/?#]+.*"), "http://lab.example/codes"),
    "https": (re.compile(r"//[^/?#]+.*"), "https://lab.example/codes"),
    "urn": (re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}:.+|[a-z]+"), "urn:lab:codes"),  # RFC 8141, or as people write it
}
_NAMESPACES = {  # of URNs that have a form of their own: FHIR R4 datatypes.html#oid, #uuid
    "urn:oid:": (re.compile(r"[0-2](\.(0|[1-9]\d*))+", re.ASCII), "urn:oid:1.2.3"),
    "urn:uuid:": (
        re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE),
        "urn:uuid: and its 36 characters",
    ),
}
_MISTYPED = re.compile(r"(?!https?$)h*t+p+s*", re.IGNORECASE)
_DECORATION = re.compile(r"https?:/*(www\.)?|[/#]+$", re.IGNORECASE)
_HOSTS = ("loinc.org", "snomed.info", "unitsofmeasure.org")
"""Where there is one code system, and what else is there is none (value sets, concepts, editions)."""


def _bare(uri: str) -> str:
    return _DECORATION.sub("", uri).lower()


_WRITTEN = {uri: scheme.uri for scheme in SCHEMES for uri in (scheme.uri, *scheme.also)}
_KNOWN = {_bare(uri): right for uri, right in _WRITTEN.items()}
_OF_HOST = {host: next(uri for uri in _WRITTEN.values() if _bare(uri).startswith(host)) for host in _HOSTS}


def unlike_a_system(uri: str) -> str | None:
    """What is wrong, and what to do."""
    if uri in _WRITTEN:
        return None
    if (right := _meant(uri)) is not None:
        return f"system {uri!r} is not how that code system is called; write {right}"
    if found := _NO_URI.search(uri):
        return f"system {uri!r} with {found[0]!r}, which no URI has; write the URI of the code system"
    whole = _WHOLE.fullmatch(uri)
    if whole is None:
        return f"system {uri!r} ends with its colon; write the designator without it, or the URI of the code system"
    if _MISTYPED.fullmatch(whole[1]):
        return f"system {uri!r} begins with {whole[1]}:, which is mistyped; write http: or https:"
    form, example = _FORMS.get(whole[1].lower(), (None, ""))
    if form is not None and not form.fullmatch(whole[2]):
        return f"system {uri!r} is no whole URI; write one such as {example}"
    for start, (form, example) in _NAMESPACES.items():
        if uri.startswith(start) and not form.fullmatch(uri.removeprefix(start)):
            return f"system {uri!r} is none of its kind; write one such as {example}"
    return None


def odd_system(uri: str) -> str | None:
    """Of what may be one that a site has, though few would call a system so."""
    name = uri.partition(":")[0]
    if not uri.isascii():
        return f"system {uri!r} with a letter that no URI has"
    return None if name.lower() in _FORMS else f"system {uri!r} begins with {name}:, as few URIs do"


def _meant(uri: str) -> str | None:
    bare = _bare(uri)
    if (right := _KNOWN.get(bare)) is not None:
        return right
    return next((right for host, right in _OF_HOST.items() if re.match(rf"{re.escape(host)}(?![\w.-])", bare)), None)
