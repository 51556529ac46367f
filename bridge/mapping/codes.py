"""`SYSTEM code` as FHIR has it, a URI and a code, and as DICOM has it, a Code with a Coding Scheme Designator."""

from __future__ import annotations

import re
from typing import NamedTuple

from bridge.mapping.reader import Reader
from bridge.mapping.source import Map, Node, Text
from bridge.model.content import Code
from bridge.model.names import EXTENSION_BASE
from bridge.terminology.loinc import is_loinc
from bridge.terminology.schemes import canonical, designator_of, is_designator, uri_of

_ALIASES = {"LOINC": "LN", "SNOMED": "SCT"}
_CODE = re.compile(r"(\S+) (\S+)")
_LOINC = "http://loinc.org"


class _Written(NamedTuple):
    line: int
    system: str
    code: str
    version: str | None = None


class Codes(Reader):
    """Each method gives None for what is no code, after it has noted the fault."""

    def _fhir_code(self, row: Map, key: str) -> tuple[str, str] | None:
        """Canonical system and code. The system may be written as URI, or as a designator that stands for one."""
        written = self._of_key(row, key, {"system", "code"})
        if written is None:
            return None
        if ":" in written.system:
            system = canonical(written.system, EXTENSION_BASE)
        elif is_designator(written.system):
            system = uri_of(written.system, EXTENSION_BASE)
        else:
            what = f"{written.system!r} is neither a URI nor a designator of PS3.16 table 8-1"
            self._fault(written.line, f"{what}; write the URI of the code system")
            return None
        if system == _LOINC:
            self._loinc(written, in_dicom=False)
        return system, written.code

    def _code(self, row: Map, key: str, name: str | None) -> Code | None:
        """Of DICOM, under a key."""
        written = self._of_key(row, key, {"system", "code", "version"})
        return self._designated(written, name or "") if written else None

    def _parsed(self, node: Node, name: str) -> Code | None:
        """Of DICOM, as a text."""
        written = self._split(node)
        return self._designated(written, name) if written else None

    def _designated(self, written: _Written, name: str) -> Code | None:
        """The system is a Coding Scheme Designator, or a URI that has one."""
        system = written.system
        scheme = designator_of(system, EXTENSION_BASE) if ":" in system else system
        if scheme is None:
            what = f"{system!r} is no Coding Scheme Designator, and none has that URI"
        elif len(scheme) > 16:
            what = f"{scheme!r} is longer than the 16 characters of a Coding Scheme Designator"
        elif not is_designator(scheme):
            what = f"{scheme!r} is no Coding Scheme Designator"
        elif "\\" in written.code + scheme:
            self._fault(written.line, "a backslash, which separates values in DICOM; write the code without it")
            return None
        else:
            if scheme == "LN":
                self._loinc(written, in_dicom=True)
            return Code(written.code, scheme, name, written.version)
        self._fault(written.line, f"{what}; see PS3.16 table 8-1, or begin one of your own with 99")
        return None

    def _loinc(self, written: _Written, *, in_dicom: bool) -> None:
        if not is_loinc(written.code, in_dicom=in_dicom):
            what = f"{written.code!r} is no LOINC code: its check digit is wrong"
            self._fault(written.line, f"{what}; look it up on loinc.org")

    def _of_key(self, row: Map, key: str, parts: set[str]) -> _Written | None:
        node = row.entries.get(key)
        if isinstance(node, Text) and node.text.strip():
            return self._split(node)
        if isinstance(node, Map):
            self._known(node, parts)
            system, code = self._text(node, "system"), self._text(node, "code")
            version = self._text(node, "version", needed=False)
            return _Written(node.line, _ALIASES.get(system, system), code, version) if system and code else None
        self._fault(row.lines.get(key, row.line), f"{key!r} is missing or no code; write `{key}: SYSTEM code`")
        return None

    def _split(self, node: Node) -> _Written | None:
        found = _CODE.fullmatch(node.text) if isinstance(node, Text) else None
        if found is None:
            self._fault(node.line, "not a code; write `SYSTEM code`, such as `LOINC 8867-4`")
            return None
        return _Written(node.line, _ALIASES.get(found[1], found[1]), found[2])
