"""What resources say natively, with the remainder of the document on it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from bridge.mapping.mapping import Mapping
from bridge.model.content import ContentItem, Path, Value
from bridge.model.dataset import UNICODE, Charset, DataSet, charset_of, merged
from bridge.model.document import Document
from bridge.model.group import Group, Json
from bridge.model.kept import fits, is_kept
from bridge.model.sr import read_item
from bridge.model.tags import SOP_INSTANCE_UID
from bridge.translate.basis.ids import Known
from bridge.translate.basis.node import LAST, Node, element_id, names_of
from bridge.translate.basis.transcode import SAID, in_unicode, recoded, recoded_element
from bridge.translate.born_in_dicom.pointers import astray, repointed
from bridge.translate.born_in_fhir.sited import is_other_site
from bridge.translate.header.header import born_uid, split_patient
from bridge.translate.native.generic import relationship
from bridge.translate.native.to_dicom import native_dicom
from bridge.translate.remainder.element_json import charset_said, dataset_of, without_charset
from bridge.translate.remainder.elements import header_group, made_header_group, patched
from bridge.translate.remainder.extension import attached
from bridge.translate.remainder.patched_item import patched_item
from bridge.translate.report.report import Report

_UNREAD = "bytes that were not of the Specific Character Set stay as they are; correct them at their source"
_ANOTHER = (
    "edited in FHIR since: another instance, without the series, the equipment and the verification of the one before"
)
_OTHER_SITE = "a site that was edited in FHIR: what was said below the former one, such as its side, is left out"


_ELSEWHERE = "a result is from another document, which says more of it than FHIR does: that is not said here"


class Content(NamedTuple):
    document: Document
    homes: dict[Path, Json]  # the element of each item
    places: dict[Path, Json]  # the element whose id says the place of the item
    moves: dict[Path, Path]  # where an item was before it was edited in FHIR -> where it is, if that was asked for
    carried: dict[Path, Path]  # those of carried items


def content_of(
    group: Group, mapping: Mapping, known: Known, report: Report, without: frozenset[Path] | None = None
) -> Content:
    """What the resources say natively, with the remainder of the document on it; who gives places `without`, of carried
    items that are left out, is told where items were."""
    remainder = attached(group.root, "document")
    native = native_dicom(group, mapping, known, remainder.get("zone"), remainder.get("habits"))
    report.warnings += native.warnings
    charset = charset_said(remainder.get("header", {}).get("e", {}), charset_of(native.header))
    unread = set[int]()  # tags of bytes that are not of the character set
    header, fits = _header(native.header, remainder, charset, report, unread)
    whole = bool(remainder or attached(group.root, "pieces"))
    builder = _Builder(mapping, report, without, whole=whole, born=born_uid(group.root) is not None)
    root = builder.item(native.root, remainder, None, charset, (), None if without is None else ())
    if not fits or builder.unicode:
        report.warnings.append("an edit does not fit the Specific Character Set: the document is in ISO_IR 192 now")
        header = merged(recoded(header, charset, UNICODE, unread) if fits else header, [SAID])
        root = in_unicode(root, charset, {id(item): inner for item, inner in builder.unicode}, unread)
        report.warnings += [f"({tag >> 16:04X},{tag & 0xFFFF:04X}): {_UNREAD}" for tag in sorted(unread)]
    return Content(Document(header, root), builder.homes, builder.places, builder.moves, builder.carried)


def pointing(
    group: Group, mapping: Mapping, known: Known, report: Report, without: frozenset[Path] = frozenset()
) -> Content:
    """Of an edited document, whose items point to what they pointed to; one whose target is gone is gone with it. So is
    what it is to be `without`."""
    content = content_of(group, mapping, known, Report(), without=without)
    gone = astray(content.document, content.moves, content.carried)
    if gone:
        content = content_of(group, mapping, known, Report(), without=without.union(gone))
        report.warnings.append(f"{len(gone)} items that referred to one that was removed in FHIR are removed")
    at, index = {id(home): path for path, home in content.homes.items()}, group.index()
    aims = {
        path: at[id(target)]
        for path, home in content.homes.items()
        if (target := index.get(home.get("reference", ""))) is not None and id(target) in at
    }
    return content._replace(document=repointed(content.document, content.moves, content.carried, aims))


def _header(
    native: DataSet, remainder: dict[str, Any], charset: Charset, report: Report, unread: set[int]
) -> tuple[DataSet, bool]:
    """The header with its remainder, and whether the character set can hold it; else it comes in UTF-8, as what is
    native does."""
    header, dropped = native, list[str]()
    if "header" in remainder:
        together = header_group if "digest" in remainder else made_header_group
        header, dropped = patched(header, remainder["header"], together, charset)
    if "patient" in remainder:
        header = merged(split_patient(header)[1], dataset_of(remainder["patient"], charset))
    report.warnings += [_dropped(tag) for tag in dropped]
    ours = set(map(id, native))
    try:
        made = [recoded_element(one, UNICODE, charset, unread) if id(one) in ours else one for one in header]
        return tuple(made), True
    except UnicodeError:
        made = [one if id(one) in ours else recoded_element(one, charset, UNICODE, unread) for one in header]
        return tuple(made), False


def _dropped(tag: str) -> str:
    return _ANOTHER if tag == header_group(SOP_INSTANCE_UID) else f"header {tag}: changed in FHIR since; its value wins"


class _Builder:
    def __init__(
        self, mapping: Mapping, report: Report, without: frozenset[Path] | None, *, whole: bool, born: bool
    ) -> None:
        """`whole`: whether the resources are those of a document; a result of one that has come into another report, or
        stands alone, does not bring along what that document said beyond it. `born`: in DICOM."""
        self.mapping, self.report, self.without = mapping, report, without or frozenset()
        self.whole, self.born = whole, born
        self.homes: dict[Path, Json] = {}
        self.places: dict[Path, Json] = {}
        self.moves: dict[Path, Path] = {}
        self.carried: dict[Path, Path] = {}
        self.unicode: list[tuple[ContentItem, Charset]] = []  # whose text the character set cannot hold

    def item(
        self,
        node: Node,
        remainder: dict[str, Any],
        parent: Value | None,
        charset: Charset,
        path: Path,
        former: Path | None,
    ) -> ContentItem:
        """The node as FHIR says it, with what it had in DICOM beyond. `former`: where the item was, if it was there;
        `charset`: that of the item which holds it."""
        if former is not None:
            self.moves[former] = path
        if node.home is not None:
            self.homes[path] = node.home
        if node.place is not None:
            self.places[path] = node.place
        if "site" in remainder and is_other_site(node.home or {}, remainder["site"]):
            remainder = {"p": remainder["p"]} if "p" in remainder else {}
            self.report.warnings.append(f"item {element_id((0, *path))}: {_OTHER_SITE}")
        relation = None if parent is None else relationship(parent, node, self.mapping, born=self.born)
        patch = remainder.get("p")
        charset = charset_said(patch.get("e", {}), charset) if patch else charset
        children = self._children(node, remainder, charset, path, former) if node.children or remainder else ()
        native = ContentItem(relation, node.concept, node.value, children, node.rest)
        if patch is None and is_kept(native, charset):
            return native
        in_unicode = not fits(native, charset)  # an edit: the whole document must change its character set
        if in_unicode and patch:
            patch = patch | {"e": without_charset(patch["e"])}
        item, dropped = patched_item(native, patch, UNICODE if in_unicode else charset)
        for name in dropped:
            place = f"item {element_id((0, *path))}"
            self.report.warnings.append(f"{place} ({name}): changed in FHIR since; its value wins")
        if in_unicode:
            self.unicode.append((item, charset))
        return item

    def _children(
        self, node: Node, remainder: dict[str, Any], charset: Charset, path: Path, former: Path | None
    ) -> tuple[ContentItem, ...]:
        """Native ones, each with its own remainder, and those that were carried, at their places."""
        without = frozenset(remainder.get("without", ()))
        inner = remainder.get("inner", {})  # of items that no element stands for
        carries = remainder.get("carried", ())
        names = names_of(node.children) if node.is_listed() else None
        own = [self._own(child) for child in node.children]
        called: Sequence[str | int] = range(len(own)) if names is None else names
        gone = {order for order, one in enumerate(own) if one.get("n") == 0 or called[order] in without}
        more = len(carries) - len(gone)
        places = [child.number[0] - 1 for child in node.children] if names is None else []
        taken = {*places, *(one["n"] - 1 for one in carries)} if LAST - 1 in places else ()
        numbered: list[tuple[tuple[int, int], Node | ContentItem, dict[str, Any], Path | None]] = []
        for order, child in enumerate(node.children):
            if order in gone:
                continue
            index = child.index(order, more)
            its_own = own[order] or (inner.get(names[order] if names else str(index), {}) if inner else {})
            before = child.former(order, more)
            if child.number[0] == LAST and before in taken:
                before = LAST + order  # another was there: a client that has moved it took its number away
            was = None if former is None else _below(former, before)
            number = (its_own.get("n", index + 1), order) if names else child.number
            numbered.append((number, child, its_own, was))
        for carried in carries:
            dataset = dataset_of(carried["e"], charset)
            was = None if former is None else (*former, carried["n"] - 1)
            if was not in self.without:
                numbered.append(((carried["n"], -1), read_item(dataset, charset), {}, was))
        numbered.sort(key=itemgetter(0))
        found = []
        for index, (_, one, its_own, was) in enumerate(numbered):
            if isinstance(one, Node):
                found.append(self.item(one, its_own, node.value, charset, (*path, index), was))
                continue
            if was is not None:
                self.carried[was] = (*path, index)
            found.append(one)
        return tuple(found)

    def _own(self, child: Node) -> dict[str, Any]:
        """The remainder of the item that it was."""
        found = attached(child.home, "item") if child.home and "extension" in child.home else {}
        if found and not self.whole:
            if _ELSEWHERE not in self.report.warnings:
                self.report.warnings.append(_ELSEWHERE)
            return {}
        return found


def _below(former: Path, index: int | None) -> Path | None:
    return None if index is None else (*former, index)
