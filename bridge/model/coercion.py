"""What an archive may change in an instance when it stores it (PS3.4 B.4.1.3 Coercion of Attributes): what it files it
under. What the document says is not the archive's, nor are UIDs; and of whom it is, nobody guesses."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.model.dataset import DataSet, Element, charset_of, find, items, merged, text_of, unreadable
from bridge.model.identity import IDENTITY, identity_in
from bridge.model.tags import ENTITY_ID, ENTITY_TYPE, ISSUER, PATIENT_ID, PATIENT_NAME, QUALIFIERS

ORIGINAL = 0x04000561  # Original Attributes Sequence (PS3.3 C.12.1.1.9)
OF_STUDY = frozenset(
    {
        *(0x00080020, 0x00080030, 0x00080050, 0x00080051, 0x00080090, 0x00080096, 0x0008009C, 0x0008009D),
        *(0x00081030, 0x00081032, 0x00081048, 0x00081049, 0x00081060, 0x00081062, 0x00081080, 0x00081110),
        0x00200010,  # Study ID
        0x0040A370,  # Referenced Request Sequence
    }
)
"""General Study Module (PS3.3 C.7.2.1) but for the UID, and the order."""
OF_ORDER = (0x0032, 0x0038)  # Requested Procedure, Visit
_OF_PATIENT = 0x0010  # Patient Module (PS3.3 C.7.1.1), and Patient Study
_OF_ARCHIVE = frozenset(
    {
        ORIGINAL,
        0x00080015,  # Instance Coercion DateTime (PS3.3 C.12.1)
        0x0018A001,  # Contributing Equipment Sequence
        0x00400275,  # Request Attributes Sequence: the order, of a worklist
        *(0x00080080, 0x00080081, 0x00080082, 0x00081040, 0x00081041),  # Institution and Department
    }
)
_TRAITS = (0x00100030, 0x00100040)  # Patient's Birth Date and Sex
_CREATORS = 0x100  # elements of a private group below that reserve its blocks (PS3.5 7.8.1)


OTHERWISE = "is there with other content"
_STRIPPED = (
    "is there without the private elements that say what no standard one can: have the archive keep all of group 0071 "
    "whose creator is FHIR-DICOM BRIDGE"
)


def fault_of(sent: DataSet, there: DataSet) -> str | None:
    """Why what is there is not what was sent; None where it is, as the archive files it."""
    if identity_in(sent) != identity_in(there):
        return "is there under another Patient ID, or issuer of it"
    if not _is_one_person(sent, there):
        return "is there under another name, birth date or sex of the patient"
    if is_kept(sent, there):
        return None
    return _STRIPPED if _is_stripped(sent, there) else OTHERWISE


def is_kept(sent: DataSet, there: DataSet) -> bool:
    """Whether what is there says all of what was sent and no more, whoever's it is."""
    return sent == there or _kept(sent, sent) == _kept(there, sent)


def coerced(sent: DataSet, there: DataSet) -> str:
    """Tags of what the archive has added, changed or left out, such as `(0008,1030)`; never a value. Empty where it
    keeps what it gets."""
    tags = sorted({one.tag for one in set(sent) ^ set(there)})
    return ", ".join(f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in tags)


def is_issued(sent: DataSet, there: DataSet) -> bool:
    """Whether the archive has added to what a Patient ID was sent with: a name of the issuer, or a universal id, where
    there was none. Whether that is the right one, who knows whose Patient IDs the archive has can say."""
    was, now = issuer_in(sent), issuer_in(there)
    same = find(sent, PATIENT_ID) == find(there, PATIENT_ID) and text_of(sent, PATIENT_ID) is not None
    return same and was != now and all(one in (None, other) for one, other in zip(was, now, strict=True))


def named_as(sent: DataSet, there: DataSet) -> DataSet:
    """What is there, with Patient ID, issuer and qualifiers as they were sent."""
    return merged(merged(there, (), without=IDENTITY), identity_in(sent))


def issuer_in(dataset: DataSet) -> tuple[str | None, ...]:
    """Name, universal id and type of that (PS3.3 table 10-18)."""
    item, charset = next(iter(items(dataset, QUALIFIERS)), ()), charset_of(dataset)
    return (text_of(dataset, ISSUER), *(text_of(item, tag, charset) for tag in (ENTITY_ID, ENTITY_TYPE)))


def _is_one_person(sent: DataSet, there: DataSet) -> bool:
    """Whether nothing that both say of the patient differs: what was left open is filled in by who knows more."""
    changed = [tag for tag in (PATIENT_NAME, *_TRAITS) if find(sent, tag) != find(there, tag)]
    if unreadable(tuple(one for one in there if one.tag in changed), charset_of(there)):
        return False
    said = ((text_of(sent, tag), text_of(there, tag)) for tag in changed if tag in _TRAITS)
    return all(None in (one, other) or one == other for one, other in said) and _is_one_name(sent, there)


def _is_one_name(sent: DataSet, there: DataSet) -> bool:
    """By each component that both have, of each group (PS3.5 6.2.1.2); upper case is a manner of writing."""
    names = [(text_of(each, PATIENT_NAME) or "").casefold().split("=") for each in (sent, there)]
    pairs = (
        (one.strip(), other.strip())
        for groups in zip(*names, strict=False)
        for one, other in zip(*(group.split("^") for group in groups), strict=False)
    )
    return all("" in pair or pair[0] == pair[1] for pair in pairs)


def _kept(dataset: DataSet, sent: DataSet) -> DataSet:
    """What is the document's own. Private elements of others than `sent` has are the archive's."""
    blocks = {None, *(_block(one.tag) for one in sent)}
    return tuple(one for one in dataset if not _is_archives(one.tag) and _block(one.tag) in blocks)


def _is_archives(tag: int) -> bool:
    return tag in OF_STUDY or tag in _OF_ARCHIVE or tag >> 16 in (_OF_PATIENT, *OF_ORDER)


def _is_stripped(sent: DataSet, there: DataSet) -> bool:
    """Whether nothing is missing but private elements, at whatever depth: what was sent is read no more as it was."""
    said = {*_private(sent)}
    blocks = {_block(one.tag) for one in said}
    left = [one for one in _private(there) if _block(one.tag) in blocks]
    return is_kept(_standard(sent), _standard(there)) and said.issuperset(left)


def _private(dataset: DataSet) -> Iterator[Element]:
    for one in dataset:
        if _block(one.tag) is not None:
            yield one
        elif isinstance(one.value, tuple):
            yield from (found for item in one.value for found in _private(item))


def _standard(dataset: DataSet) -> DataSet:
    kept = (one for one in dataset if _block(one.tag) is None)
    return tuple(
        one._replace(value=tuple(map(_standard, one.value))) if isinstance(one.value, tuple) else one for one in kept
    )


def _block(tag: int) -> tuple[int, int] | None:
    """Which private block (PS3.5 7.8.1) an element belongs to, or reserves; None of a standard element."""
    group, element = tag >> 16, tag & 0xFFFF
    if group % 2 == 0:
        return None
    return group, element if element < _CREATORS else element >> 8
