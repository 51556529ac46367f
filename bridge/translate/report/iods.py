"""Which value types an SR of each SOP class may have, and what may stand below what, by value: PS3.3 A.35.

Enhanced X-Ray Radiation Dose SR is not here, nor are the trial classes of old: nobody has looked them up."""

from __future__ import annotations

from typing import NamedTuple

ANY = "* "  # no value type is named so
_MOD, _PLAIN = (ANY, "TEXT CODE"), "TEXT CODE NUM"
_DOSE = f"{_PLAIN} DATETIME UIDREF PNAME"
_AGENT = f"{_DOSE} DATE"
_FACTS = f"{_AGENT} TIME"
_WORDS = "TEXT CODE DATETIME DATE TIME UIDREF PNAME"
OF_A_PERSON = ("PNAME", _WORDS)
_CAD = f"{_PLAIN} DATE TIME UIDREF PNAME COMPOSITE"
_IMAGES = "IMAGE WAVEFORM COMPOSITE"
_ACQUIRED = f"CONTAINER {_IMAGES}"
_NOT_CONTAINER = f"{_FACTS} {_IMAGES} SCOORD SCOORD3D TCOORD TABLE"

Row = tuple[str, str]
"""Value types of the source, and of the target."""


class Iod(NamedTuple):
    table: str  # of PS3.3
    rows: dict[str, tuple[Row, ...]]  # by Relationship Type


def _iod(
    table: str,
    *,
    contains: str,
    observed: tuple[Row, ...] = (),
    acquired: tuple[Row, ...] = (),
    modified: tuple[Row, ...] = (_MOD,),
    properties: tuple[Row, ...] = (),
    inferred: tuple[Row, ...] = (),
    selected: tuple[Row, ...] = (),
) -> Iod:
    rows = {
        "CONTAINS": (("CONTAINER", contains),),
        "HAS OBS CONTEXT": observed,
        "HAS ACQ CONTEXT": acquired,
        "HAS CONCEPT MOD": modified,
        "HAS PROPERTIES": properties,
        "INFERRED FROM": inferred,
        "SELECTED FROM": selected,
    }
    return Iod(table, rows)


def _observed(said: str, by_container: str) -> tuple[Row, ...]:
    return ((_PLAIN, said), ("CONTAINER", by_container))


_BASIC, _ENHANCED = f"{_WORDS} {_IMAGES}", f"{_FACTS} {_IMAGES} SCOORD TCOORD"
_COMPREHENSIVE = f"{_ENHANCED} CONTAINER"
_3D = f"{_COMPREHENSIVE} SCOORD3D"
_SELECTED = (("SCOORD", "IMAGE"), ("TCOORD", "IMAGE WAVEFORM SCOORD"))
_XRAY = f"{_DOSE} COMPOSITE IMAGE CONTAINER"
_CAD_MOD = (("CODE NUM COMPOSITE CONTAINER", "TEXT CODE"),)
_CAD_OBSERVED = _observed(_CAD, f"{_CAD} CONTAINER")
_CAD_OF = f"{_PLAIN} CONTAINER IMAGE"
_PERFORMED = f"{_AGENT} {_IMAGES} CONTAINER"
_IN_DETAIL = (("CONTAINER", f"{_FACTS} COMPOSITE CONTAINER"),)
_FREE = ((ANY, ANY),)
_UID = "1.2.840.10008.5.1.4.1.1."

IODS: dict[str, Iod] = {
    f"{_UID}78.6": _iod("A.35.9-2", contains=f"{_PLAIN} CONTAINER", modified=()),
    f"{_UID}79.1": _iod(
        "A.35.11.3.1.2-1",
        contains=f"{_PLAIN} CONTAINER",
        observed=(("NUM", "TEXT"), ("CONTAINER", f"{_PLAIN} DATE UIDREF PNAME CONTAINER")),
        modified=((ANY, "CODE"),),
        inferred=(("NUM", "IMAGE"),),
    ),
    f"{_UID}88.11": _iod(
        "A.35.1-2",
        contains=f"{_BASIC} CONTAINER",
        observed=(("CONTAINER", f"{_WORDS} COMPOSITE CONTAINER"),),
        acquired=((_ACQUIRED, _WORDS),),
        properties=(("TEXT", _BASIC), OF_A_PERSON),
        inferred=(("TEXT", _BASIC),),
    ),
    f"{_UID}88.22": _iod(
        "A.35.2-2",
        contains=f"{_ENHANCED} CONTAINER",
        observed=_IN_DETAIL,
        acquired=((f"{_ACQUIRED} NUM", _FACTS),),
        properties=((_PLAIN, _ENHANCED), OF_A_PERSON),
        inferred=((_PLAIN, _ENHANCED),),
        selected=_SELECTED,
    ),
    f"{_UID}88.33": _iod(
        "A.35.3-2",
        contains=_COMPREHENSIVE,
        observed=((_PLAIN, f"{_FACTS} COMPOSITE"), *_IN_DETAIL),
        acquired=((f"{_ACQUIRED} NUM", f"{_FACTS} CONTAINER"),),
        properties=((_PLAIN, _COMPREHENSIVE), OF_A_PERSON),
        inferred=((_PLAIN, _COMPREHENSIVE),),
        selected=_SELECTED,
    ),
    f"{_UID}88.34": _iod(
        "A.35.13-2",
        contains=_3D,
        observed=((_PLAIN, f"{_FACTS} COMPOSITE"), *_IN_DETAIL),
        acquired=((f"{_ACQUIRED} NUM", f"{_FACTS} CONTAINER"),),
        properties=((_PLAIN, _3D), OF_A_PERSON),
        inferred=((_PLAIN, _3D),),
        selected=(("SCOORD", "IMAGE"), ("TCOORD", "IMAGE WAVEFORM SCOORD SCOORD3D")),
    ),
    f"{_UID}88.35": _iod(  # Extensible SR: no constraint but this
        "A.35.15-2",
        contains=ANY,
        observed=_FREE,
        acquired=_FREE,
        modified=_FREE,
        properties=_FREE,
        inferred=_FREE,
        selected=_FREE,
    ),
    f"{_UID}88.40": _iod(
        "A.35.7-2",
        contains=f"{_PLAIN} PNAME {_IMAGES}",
        observed=((_NOT_CONTAINER, _DOSE), ("CONTAINER", f"{_DOSE} CONTAINER")),
        acquired=((_ACQUIRED, _FACTS),),
        properties=((_NOT_CONTAINER, _DOSE),),
        inferred=((_PLAIN, _IMAGES),),
    ),
    f"{_UID}88.50": _iod(
        "A.35.5-2",
        contains=f"{_PLAIN} DATE CONTAINER IMAGE SCOORD",
        observed=_CAD_OBSERVED,
        acquired=(("IMAGE", f"{_PLAIN} DATE TIME UIDREF"),),
        modified=_CAD_MOD,
        properties=((_PLAIN, f"{_CAD_OF} DATE UIDREF SCOORD"),),
        inferred=(("CODE NUM", f"{_CAD_OF} SCOORD"),),
        selected=(("SCOORD", "IMAGE"),),
    ),
    f"{_UID}88.59": _iod(
        "A.35.4-2",
        contains=f"TEXT {_IMAGES}",
        observed=(("CONTAINER", "TEXT CODE UIDREF PNAME CONTAINER"),),
        modified=(("CONTAINER", "CODE"),),
    ),
    f"{_UID}88.65": _iod(
        "A.35.6-2",
        contains="CODE NUM CONTAINER IMAGE",
        observed=_CAD_OBSERVED,
        acquired=(("IMAGE WAVEFORM", f"{_PLAIN} DATE TIME"),),
        modified=_CAD_MOD,
        properties=((_PLAIN, f"{_CAD_OF} DATE UIDREF WAVEFORM SCOORD TCOORD"),),
        inferred=(("CODE NUM", f"{_CAD_OF} WAVEFORM SCOORD TCOORD"),),
        selected=_SELECTED,
    ),
    f"{_UID}88.67": _iod(
        "A.35.8-2",
        contains=_XRAY,
        observed=_observed(f"{_DOSE} COMPOSITE", "TEXT CODE DATETIME UIDREF PNAME CONTAINER"),
        acquired=(("CONTAINER IMAGE COMPOSITE", f"{_DOSE} CONTAINER"),),
        properties=((_PLAIN, _XRAY), OF_A_PERSON),
        inferred=((_PLAIN, f"{_PLAIN} DATETIME UIDREF COMPOSITE IMAGE CONTAINER"),),
    ),
    f"{_UID}88.68": _iod(
        "A.35.14-2",
        contains=f"{_DOSE} CONTAINER",
        observed=_observed(_DOSE, "CONTAINER"),
        acquired=(("CONTAINER", f"{_DOSE} CONTAINER"),),
        properties=((f"{_PLAIN} PNAME", f"{_DOSE} CONTAINER"),),
        inferred=((_PLAIN, f"{_PLAIN} DATETIME UIDREF CONTAINER"),),
    ),
    f"{_UID}88.69": _iod(
        "A.35.10-2",
        contains="CODE NUM DATE TIME UIDREF CONTAINER IMAGE",
        observed=_CAD_OBSERVED,
        acquired=(("IMAGE", f"{_PLAIN} DATE TIME CONTAINER"),),
        modified=_CAD_MOD,
        properties=((_PLAIN, f"{_CAD_OF} DATE UIDREF SCOORD SCOORD3D"),),
        inferred=(("CODE NUM", f"{_CAD_OF} SCOORD SCOORD3D"),),
        selected=(("SCOORD", "IMAGE"), ("TCOORD", "IMAGE SCOORD SCOORD3D")),
    ),
    f"{_UID}88.70": _iod(
        "A.35.12-2",
        contains=f"{_PLAIN} UIDREF COMPOSITE CONTAINER IMAGE",
        observed=(("CONTAINER", f"{_PLAIN} DATE UIDREF PNAME COMPOSITE CONTAINER"),),
        properties=((f"{_PLAIN} UIDREF COMPOSITE IMAGE", "COMPOSITE"),),
    ),
    f"{_UID}88.71": _iod(
        "A.35.16-2",
        contains=f"{_DOSE} TIME CONTAINER",
        observed=(("CODE", "CODE"), ("CONTAINER", f"{_FACTS} CONTAINER")),
        properties=(("CODE", f"{_PLAIN} DATETIME SCOORD3D"),),
    ),
    f"{_UID}88.72": _iod(
        "A.35.17-2",
        contains=f"{_DOSE} CONTAINER",
        observed=((f"{_PLAIN} CONTAINER", f"{_DOSE} COMPOSITE"),),
        acquired=(("CONTAINER", f"{_DOSE} CONTAINER"),),
        properties=((_PLAIN, f"{_DOSE} CONTAINER"),),
        inferred=((_PLAIN, f"{_PLAIN} DATETIME UIDREF CONTAINER IMAGE WAVEFORM SCOORD TCOORD"),),
        selected=(("SCOORD", "IMAGE"), ("TCOORD", "WAVEFORM")),
    ),
    f"{_UID}88.73": _iod(
        "A.35.18-2",
        contains=_XRAY,
        observed=(
            (f"{_PLAIN} COMPOSITE", f"{_DOSE} COMPOSITE"),
            ("CONTAINER", "TEXT CODE DATETIME UIDREF PNAME CONTAINER"),
        ),
        acquired=(("CONTAINER IMAGE COMPOSITE", f"{_DOSE} CONTAINER"),),
        properties=((f"{_PLAIN} COMPOSITE", _XRAY), OF_A_PERSON),
        inferred=((_PLAIN, f"{_PLAIN} DATETIME UIDREF COMPOSITE IMAGE CONTAINER"),),
    ),
    f"{_UID}88.74": _iod(
        "A.35.19-2",
        contains=f"{_AGENT} CONTAINER",
        observed=_observed(_AGENT, f"{_AGENT} CONTAINER"),
        acquired=(("NUM CONTAINER", f"{_AGENT} CONTAINER"),),
        properties=((_PLAIN, f"{_AGENT} CONTAINER"), ("PNAME", "TEXT CODE DATETIME DATE UIDREF PNAME")),
        inferred=((_PLAIN, f"{_AGENT} CONTAINER"),),
    ),
    f"{_UID}88.75": _iod(
        "A.35.20-2",
        contains=_PERFORMED,
        observed=_observed(f"{_AGENT} COMPOSITE", f"{_AGENT} COMPOSITE CONTAINER"),
        acquired=((f"{_ACQUIRED} NUM", f"{_AGENT} CONTAINER"),),
        properties=((_PLAIN, _PERFORMED), ("PNAME", "TEXT CODE DATETIME DATE UIDREF PNAME")),
        inferred=((_PLAIN, _PERFORMED),),
    ),
    f"{_UID}88.77": _iod(
        "A.35.23-2",
        contains=f"{_PLAIN} CONTAINER WAVEFORM TCOORD",
        observed=((f"{_PLAIN} CONTAINER", f"{_PLAIN} DATE UIDREF PNAME CONTAINER"),),
        acquired=(("CONTAINER WAVEFORM", "CODE NUM DATETIME DATE TIME UIDREF"),),
        modified=((f"{_PLAIN} CONTAINER", "TEXT CODE"),),
        properties=((_PLAIN, _PLAIN),),
        inferred=((_PLAIN, "WAVEFORM TCOORD"),),
        selected=(("TCOORD", "WAVEFORM"),),
    ),
}
"""By SOP Class UID."""
