"""DA, TM and DT (PS3.5 6.2) <-> date, time and dateTime. A FHIR time is without zone here: `translate/basis/times.py`
adds and takes it. All raise ValueError on what they cannot hold."""

from __future__ import annotations

import re
from datetime import date

_DA = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d))?)?", re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TM = re.compile(r"(\d\d)(\d\d)?(\d\d)?(\.\d{1,6})?", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(\.\d+)?", re.ASCII)
_DT = re.compile(r"(\d{8})(\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)([+-]\d{4})?", re.ASCII)
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)(Z|[+-]\d\d:\d\d)?", re.ASCII)

OFFSET = re.compile(r"[+-]((0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
"""From UTC (FHIR R4 datatypes.html#dateTime)."""


def _matched(pattern: re.Pattern[str], text: str, name: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise ValueError(f"not a {name}")
    return found


def date_to_fhir(text: str) -> str:
    parts = [part for part in _matched(_DA, text.replace(".", ""), "DICOM date").groups() if part]
    return _real("-".join(parts))


def date_to_dicom(value: str) -> str:
    """DA: a whole day, never a year or month alone (PS3.5 6.2)."""
    if len(value) < 10:
        raise ValueError("less than a day")
    return _digits(value)


def _digits(value: str) -> str:
    _matched(_DATE, value, "FHIR date")
    return _real(value).replace("-", "")


def _real(value: str) -> str:
    try:
        date.fromisoformat(value + "0001-01-01"[len(value) :])
    except ValueError as error:
        raise ValueError("not a date of the calendar") from error
    return value


def time_to_fhir(text: str) -> str:
    """A leap second is 60 in both worlds (PS3.5 6.2; FHIR R4 datatypes.html#instant)."""
    hour, minute, second, fraction = _matched(_TM, text, "DICOM time").groups()
    if int(hour) > 23 or int(minute or 0) > 59 or int(second or 0) > 60:
        raise ValueError("not a time of day")
    return f"{hour}:{minute or '00'}:{second or '00'}{fraction or ''}"


def time_to_dicom(value: str) -> str:
    """What is beyond six digits of a second is cut, never rounded: that might be tomorrow (PS3.5 6.2). A leap second is
    the one before it, for dciodvfy refuses it, and dcmtk the whole document."""
    hour, minute, second, fraction = _matched(_TIME, value, "FHIR time").groups()
    second = "59" if second == "60" else second
    return f"{hour}{minute}{second}{(fraction or '')[:7]}"


def datetime_to_fhir(text: str) -> str:
    found = _DT.fullmatch(text)
    if found is None:
        return date_to_fhir(text)
    zone = found[3]
    offset = f"{zone[:3]}:{zone[3:]}" if zone else ""
    if zone and not OFFSET.fullmatch(offset):
        raise ValueError("not an offset from UTC")
    return f"{date_to_fhir(found[1])}T{time_to_fhir(found[2])}{offset}"


def datetime_to_dicom(value: str) -> str:
    """DT, which may be a year or month alone."""
    found = _DATETIME.fullmatch(value)
    if found is None:
        return _digits(value)
    zone = {None: "", "Z": "+0000"}.get(found[3], (found[3] or "").replace(":", ""))
    return _digits(found[1]) + time_to_dicom(found[2]) + zone
