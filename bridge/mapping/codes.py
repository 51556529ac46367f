"""`SYSTEM code` as FHIR has it, a URI and a code, and as DICOM has it, a Code with a Coding Scheme Designator."""

from __future__ import annotations

import re
from typing import NamedTuple

from bridge.mapping.reader import Reader
from bridge.mapping.source import Map, Node, Text
from bridge.model.content import Code
from bridge.model.names import EXTENSION_BASE, PRIVATE_SCHEME
from bridge.terminology.loinc import is_loinc
from bridge.terminology.schemes import SCT, canonical, designator_of, is_designator, uri_of
from bridge.terminology.snomed import is_sct

_ALIASES = {"LOINC": "LN", "SNOMED": "SCT"}
_CODE = re.compile(r"(\S+) (\S+)")
_LOINC = "http://loinc.org"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BLANKS = re.compile(r"^\s|\s$|\s\s")
_SH = 16  # characters, PS3.5 6.2


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
        if re.search(r"\s", written.system):
            self._fault(written.line, f"system {written.system!r} with a blank; take it out")
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
        if system == SCT:
            self._sct(written)
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
        elif not is_designator(scheme) or scheme == "99":
            what = f"{scheme!r} is no Coding Scheme Designator"
        elif written.version is not None and len(written.version) > _SH:
            what = f"version longer than the {_SH} characters of Coding Scheme Version"
            self._fault(written.line, f"{what}; shorten it, or leave it out")
            return None
        elif "\\" in written.code + scheme:
            self._fault(written.line, "a backslash, which separates values in DICOM; write the code without it")
            return None
        else:
            if scheme == "LN":
                self._loinc(written, in_dicom=True)
            if scheme == "SCT":
                self._sct(written)
            return Code(written.code, scheme, name, written.version)
        self._fault(written.line, f"{what}; see PS3.16 table 8-1, or begin one of your own with 99")
        return None

    def _loinc(self, written: _Written, *, in_dicom: bool) -> None:
        if not is_loinc(written.code, in_dicom=in_dicom):
            what = f"{written.code!r} is no LOINC code: its check digit is wrong"
            self._fault(written.line, f"{what}; look it up on loinc.org")

    def _sct(self, written: _Written) -> None:
        if not is_sct(written.code):
            what = f"{written.code!r} is no SNOMED CT code: its check digit is wrong"
            self._fault(written.line, f"{what}; look it up on browser.ihtsdotools.org")

    def _sound(self, written: _Written) -> _Written | None:
        """As both sides can hold it: FHIR R4 2.24.0.1, code; PS3.5 6.2, SH, whose blanks at an end say nothing."""
        parts = [written.system, written.code, written.version or ""]
        if any(map(_CONTROL.search, parts)):
            what = "a control character in a code; take it out"
        elif any(map(_BLANKS.search, parts)):
            what = "a code, system or version that begins or ends with a blank, or has two in a row; take it out"
        elif (written.system, written.code) == (PRIVATE_SCHEME, "TEXT"):
            what = "a code by which the bridge says that there is none; take another"
        else:
            return written
        self._fault(written.line, what)
        return None

    def _of_key(self, row: Map, key: str, parts: set[str]) -> _Written | None:
        node = row.entries.get(key)
        if isinstance(node, Text) and node.text.strip():
            return self._split(node)
        if isinstance(node, Map):
            self._known(node, parts)
            system, code = self._text(node, "system"), self._text(node, "code")
            version = self._text(node, "version", needed=False)
            if system is None or code is None:
                return None
            return self._sound(_Written(node.line, _ALIASES.get(system, system), code, version))
        self._fault(row.lines.get(key, row.line), f"{key!r} is missing or no code; write `{key}: SYSTEM code`")
        return None

    def _split(self, node: Node) -> _Written | None:
        found = _CODE.fullmatch(node.text) if isinstance(node, Text) else None
        if found is None:
            self._fault(node.line, "not a code; write `SYSTEM code`, such as `LOINC 8867-4`")
            return None
        return self._sound(_Written(node.line, _ALIASES.get(found[1], found[1]), found[2]))
