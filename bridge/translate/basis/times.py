"""Times with and without zone. DICOM mostly writes none, FHIR always wants one (PS3.3 C.12.1.1.8)."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.mapping.dates import OFFSET
from bridge.mapping.lens import DATETIME
from bridge.model.dataset import DataSet, text_element, text_of
from bridge.model.tags import OBSERVATION_DATETIME, TIMEZONE_OFFSET

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WITH_OFFSET = re.compile(r"[+-]\d\d:\d\d$", re.ASCII)
_WITH_ZONE = re.compile(r"T.*?(Z|[+-]\d\d:\d\d)$", re.ASCII)
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d\d):?(\d\d)", re.ASCII)


def zone_of(header: DataSet, default: str) -> str:
    """`+hh:mm` of Timezone Offset From UTC, where real files write `UTC-04:00` too; else `default`, also
    where there is no such offset. Where that is an IANA name, each time has the offset of its own day."""
    found = _OFFSET.fullmatch(text_of(header, TIMEZONE_OFFSET) or "")
    said = f"{found[1]}{found[2]}:{found[3]}" if found else ""
    return said if OFFSET.fullmatch(said) else default


@lru_cache(maxsize=64)
def is_zone(text: str) -> bool:
    """An offset, or an IANA name that this machine knows."""
    try:
        return OFFSET.fullmatch(text) is not None or ZoneInfo(text).key == text
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return False


@lru_cache(maxsize=64)
def is_offset(zone: str) -> bool:
    """Whether it is the same all the year, or none."""
    return not zone or OFFSET.fullmatch(zone) is not None


def offset_at(zone: str, dt: str) -> str:
    """`+hh:mm` of a zone, which is an IANA name or that already, at a time of its clock: DA and TM, or DT. Without one
    no time wants a zone, and that of winter is as good as any."""
    if is_offset(zone):
        return zone
    try:
        day = datetime.strptime(dt[:14].ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        day = datetime(2000, 1, 1)
    offset = day.replace(tzinfo=ZoneInfo(zone)).strftime("%z")
    return f"{offset[:3]}:{offset[3:5]}"


def _digits(value: str) -> str:
    """Of a dateTime, as DA and TM have them."""
    return re.sub(r"\D", "", value[:19])


def to_fhir(dt: str, zone: str) -> str:
    """DT -> dateTime; a time of day without zone gets `zone`. Raises ValueError."""
    value = DATETIME.to_fhir(dt)
    if "T" not in value or _WITH_OFFSET.search(value):
        return value
    return value + offset_at(zone, _digits(value))


def moment(dt: str | None, zone: str) -> str | None:
    """The same as `to_fhir`; None where there is no DT, or one that is no date: the remainder carries that."""
    try:
        return to_fhir(dt, zone) if dt else None
    except ValueError:
        return None


def moment_of(header: DataSet, date: int, time: int, zone: str) -> str | None:
    """Two attributes of a header, a DA and a TM, as one dateTime; None where there is no date."""
    day = text_of(header, date)
    return moment(day + (text_of(header, time) or ""), zone) if day else None


def to_dicom(value: str, zone: str) -> str:
    """dateTime -> DT; the document's own zone is not repeated, and UTC is told in it: dcmtk takes `+0000` for an
    error. Raises ValueError."""
    if offset_of(value) == "+00:00":
        value = in_zone(value, zone)
    dt = DATETIME.to_dicom(value)
    return dt.removesuffix(offset_at(zone, dt).replace(":", ""))


def observation_datetime(effective: str | None, zone: str) -> DataSet:
    """The element (0040,A032) of an item; none where there is no time, or one that DICOM cannot say."""
    try:
        dt = to_dicom(effective, zone) if effective else ""
    except ValueError:  # the models let pass a time without seconds
        return ()
    return (text_element(OBSERVATION_DATETIME, "DT", dt),) if dt else ()


def offset_of(value: str | None) -> str | None:
    """`+hh:mm` of a dateTime that has one."""
    found = _WITH_ZONE.search(value or "")
    return {"Z": "+00:00"}.get(found[1], found[1]) if found else None


def in_zone(instant: str, zone: str) -> str:
    """The same instant, as a clock of that zone shows it. Raises ValueError where it is no instant."""
    own = offset_of(instant)
    if own is None:
        raise ValueError("a time without zone is no instant")
    if own == offset_at(zone, _digits(instant)):
        return instant.removesuffix("Z").removesuffix(own) + own  # digits of a second stay as they are
    leap = instant[16:19] == ":60"  # Python knows no leap second: the one before it has the same minute in every zone
    instant = f"{instant[:17]}59{instant[19:]}" if leap else instant
    here = datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").tzinfo if OFFSET.fullmatch(zone) else ZoneInfo(zone)
    shown = datetime.fromisoformat(instant).astimezone(here)
    text = shown.isoformat()
    return f"{text[:17]}60{text[19:]}" if leap else text


def date_and_time(value: str, zone: str) -> tuple[str, str]:
    """dateTime -> DA and TM of the clock of that zone; a date of less than a day begins with its first. Raises
    ValueError."""
    dt = to_dicom(in_zone(value, zone) if offset_of(value) else value, zone)
    return (dt[:8] if len(dt) >= 8 else (dt + "0101")[:8]), dt[8:]
