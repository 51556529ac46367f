"""`SYSTEM code` as FHIR has it, a URI and a code, and as DICOM has it, a Code with a Coding Scheme Designator."""

from __future__ import annotations

import re
from typing import NamedTuple
from unicodedata import category

from bridge.mapping.reader import Reader
from bridge.mapping.source import Map, Node, Text
from bridge.model.content import Code
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.forms import flaw, oddity
from bridge.terminology.schemes import canonical, designator_of, is_designator, uri_of
from bridge.terminology.systems import odd_system, unlike_a_system

_ALIASES = {"LOINC": "LN", "SNOMED": "SCT"}
_CODE = re.compile(r"(\S+) (\S+)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"^\s|\s$|\s\s")
_OF_DICOM = {"system", "code", "version"}
_UNSEEN = ("Cf", "Zl", "Zp")  # of Unicode: marks of width nothing, of a line, of a paragraph
_SH = 16  # characters, PS3.5 6.2


class _Written(NamedTuple):
    line: int
    system: str
    code: str
    version: str | None = None
    code_line: int = 0  # where it has one of its own
    version_line: int = 0


class Codes(Reader):
    """Each method gives None for what is no code, after it has noted the fault."""

    def _fhir_code(self, row: Map, key: str) -> tuple[str, str] | None:
        """Canonical system and code. The system may be written as URI, or as a designator that stands for one."""
        written = self._of_key(row, key, {"system", "code"})
        if written is None:
            return None
        if re.search(r"\s", written.system):
            self._fault(written.line, f"system {written.system!r} with a blank; take it out")
            return None
        if ":" in written.system:
            if (what := unlike_a_system(written.system)) is not None:
                self._fault(written.line, what)
                return None
            self._remark(written.line, odd_system(written.system))
            system = canonical(written.system, EXTENSION_BASE)
        elif is_designator(written.system):
            system = uri_of(written.system, EXTENSION_BASE)
        else:
            what = f"{written.system!r} is neither a URI nor a designator of PS3.16 table 8-1"
            self._fault(written.line, f"{what}; write the URI of the code system")
            return None
        self._formed(written, designator_of(system, EXTENSION_BASE) or "", in_dicom=False)
        return system, written.code

    def _code(self, row: Map, key: str, name: str | None) -> Code | None:
        """Of DICOM, under a key."""
        written = self._of_key(row, key, _OF_DICOM)
        return self._designated(written, name or "") if written else None

    def _parsed(self, node: Node, name: str) -> Code | None:
        """Of DICOM, in a list: as a text, or in parts."""
        written = self._in_parts(node, _OF_DICOM) if isinstance(node, Map) else self._split(node)
        return self._designated(written, name) if written else None

    def _not_taken(self, line: int, code: Code, of: str) -> None:
        """Faults a site's row for a concept that the bridge writes itself, or that says who observed, or of whom, which
        it says wherever it stands (PS3.16 TID 1001)."""
        if code.scheme == PRIVATE_SCHEME:
            what = f"a code of {PRIVATE_SCHEME}, by which the bridge says what neither side has a code for"
        elif (code.scheme, code.value) in self._context:
            what = f"{code.scheme} {code.value} says who observed, or of whom"
        else:
            return
        if not self._ours:
            self._fault(line, f"{what}, and is no {of}; take another code")

    def _designated(self, written: _Written, name: str) -> Code | None:
        """The system is a Coding Scheme Designator, or a URI that has one."""
        system = written.system
        scheme = designator_of(system, EXTENSION_BASE) if ":" in system else system
        if scheme is None:
            what = f"{system!r} is no Coding Scheme Designator, and none has that URI"
        elif len(scheme) > 16:
            what = f"{scheme!r} is longer than the 16 characters of a Coding Scheme Designator"
        elif not is_designator(scheme) or scheme == "99":
            what = f"{scheme!r} is no Coding Scheme Designator"
        elif written.version is not None and len(written.version) > _SH:
            what = f"version longer than the {_SH} characters of Coding Scheme Version"
            self._fault(written.version_line or written.line, f"{what}; shorten it, or leave it out")
            return None
        elif "\\" in written.code + scheme:
            self._fault(written.line, "a backslash, which separates values in DICOM; write the code without it")
            return None
        else:
            self._formed(written, scheme, in_dicom=True)
            return Code(written.code, scheme, name, written.version)
        self._fault(written.line, f"{what}; see PS3.16 table 8-1, or begin one of your own with 99")
        return None

    def _formed(self, written: _Written, scheme: str, *, in_dicom: bool) -> None:
        """As a code of its scheme can be; what no table knows is remarked of a site's rows, for ours are tested."""
        line = written.code_line or written.line
        if (what := flaw(scheme, written.code, in_dicom=in_dicom)) is not None:
            self._fault(line, what)
        elif not self._ours:
            self._remark(line, oddity(scheme, written.code))

    def _sound(self, written: _Written) -> _Written | None:
        """As both sides can hold it: FHIR R4 2.24.0.1, code; PS3.5 6.2, SH, whose blanks at an end say nothing."""
        parts = (
            (written.line, written.system),
            (written.code_line, written.code),
            (written.version_line, written.version),
        )
        for line, part in parts:
            if what := _unsound(part or ""):
                self._fault(line or written.line, what)
                return None
        if (written.system, written.code) == (PRIVATE_SCHEME, "TEXT"):
            self._fault(written.line, "a code by which the bridge says that there is none; take another")
            return None
        return written

    def _of_key(self, row: Map, key: str, parts: set[str]) -> _Written | None:
        node = row.entries.get(key)
        if isinstance(node, Text) and node.text.strip():
            return self._split(node)
        if isinstance(node, Map):
            return self._in_parts(node, parts)
        self._fault(row.lines.get(key, row.line), f"{key!r} is missing or no code; write `{key}: SYSTEM code`")
        return None

    def _in_parts(self, node: Map, parts: set[str]) -> _Written | None:
        self._known(node, parts)
        system, code = self._text(node, "system"), self._text(node, "code")
        version = self._text(node, "version", needed=False)
        if system is None or code is None:
            return None
        lines = (node.lines["code"], node.lines.get("version", 0))
        return self._sound(_Written(node.lines["system"], _ALIASES.get(system, system), code, version, *lines))

    def _split(self, node: Node) -> _Written | None:
        found = _CODE.fullmatch(node.text) if isinstance(node, Text) else None
        if found is None:
            self._fault(node.line, "not a code; write `SYSTEM code`, such as `LOINC 8867-4`")
            return None
        return self._sound(_Written(node.line, _ALIASES.get(found[1], found[1]), found[2]))


def _unsound(part: str) -> str | None:
    if _CONTROL.search(part):
        return "a control character in a code; take it out"
    if any(category(one) in _UNSEEN for one in part):
        return "a character that nobody sees in a code; take it out"
    if _BLANKS.search(part):
        return "a code, system or version that begins or ends with a blank, or has two in a row; take it out"
    return None
