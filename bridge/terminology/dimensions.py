"""Do two UCUM units measure the same kind of quantity? Nothing is converted: dimensions are compared, and no factors.

Atoms: `ucum-essence.xml` (`units.py` says its source), those whose dimension a hospital is likely to ask for; one that
is not here, such as the arbitrary units, has no dimension that we know. Amount of substance is one of its own here,
where UCUM has it as a number: `mmol/L` is no `/L`.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from bridge.terminology.units import METRIC, PLAIN, PREFIXES, without_notes

Dimension = frozenset[tuple[str, int]]
"""Length L, mass M, time T, angle A, temperature C, charge Q, luminous intensity F, amount N, each with its power."""

_ATOMS = {
    "": "% 10* 10^ [pi] [ppth] [ppm] [ppb] [pptr]",
    "L": "m pc [ly] AU Ao [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [mil_i] [in_us] [ft_us] [yd_us] [mi_us]",
    "L2": "ar b [sin_i] [sft_i] [syd_i] [acr_us] [acr_br] [smi_us]",
    "L3": "l L st [cin_i] [cft_i] [cyd_i] [gal_us] [qt_us] [pt_us] [gil_us] [foz_us] [fdr_us] [tbs_us] [tsp_us]"
    " [cup_us] [gal_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [foz_m] [cup_m] [tsp_m] [tbs_m] [drp]",
    "M": "g t u [lb_av] [oz_av] [dr_av] [gr] [stone_av] [ston_av] [lton_av] [oz_tr] [lb_tr] [oz_ap] [lb_ap] [dr_ap]",
    "T": "s min h d wk mo mo_s mo_j mo_g a a_t a_j a_g",
    "T-1": "Hz Bq Ci",
    "A": "rad deg gon ' '' circ",
    "A2": "sr sph",
    "C": "K Cel [degF] [degR] [degRe]",
    "N": "mol eq osm",
    "N T-1": "kat U",
    "F": "cd",
    "F A2": "lm",
    "F A2 L-2": "lx",
    "Q": "C [e]",
    "Q T-1": "A",
    "Q M-1": "R",
    "L T-1": "[kn_i] [c]",
    "L T-2": "Gal [g]",
    "L2 T-1": "St",
    "L2 T-2": "Gy Sv RAD REM",
    "L-1": "[diop]",
    "M L T-2": "N dyn gf [lbf_av]",
    "M L-1 T-2": "Pa bar atm att m[Hg] m[H2O] [in_i'Hg] [in_i'H2O] [psi]",
    "M L2 T-2": "J erg eV cal cal_[15] cal_[20] cal_m cal_IT cal_th [Cal] [Btu]",
    "M L2 T-3": "W [HP]",
    "M L-1 T-1": "P",
    "M L-3": "g%",
    "M L-4 T-1": "[PRU] [wood'U]",
    "L3 T-1 M-1": "[MET]",
    "M L2 T-2 Q-1": "V",
    "M L2 T-1 Q-2": "Ohm",
    "Q2 T M-1 L-2": "S mho",
    "Q2 T2 M-1 L-2": "F",
    "M L2 Q-2": "H",
    "M L2 T-1 Q-1": "Wb",
    "M T-1 Q-1": "T G",
}
_OF_ATOM = {atom: text for text, atoms in _ATOMS.items() for atom in atoms.split()}
_METRIC, _KNOWN = frozenset(METRIC.split()), frozenset(f"{METRIC} {PLAIN}".split())
_TOKEN = re.compile(r"[./()]|(?:\[[^\]]*\]|[^./()\[])+")
_POWER = re.compile(r"(.*?)([+-]?[1-9][0-9]*)?")


def are_of_one_kind(unit: str, other: str) -> bool:
    """Of two UCUM units; true of any whose dimension we do not know."""
    one, two = _dimension(unit), _dimension(other)
    return one is None or two is None or one == two


@lru_cache(maxsize=1024)
def _dimension(unit: str) -> Dimension | None:
    found, groups, sign = Counter[str](), [1], 1
    for token in _TOKEN.findall(without_notes(unit)):
        match token:
            case "." | "/":
                sign = 1 if token == "." else -1
            case "(":
                groups.append(groups[-1] * sign)
                sign = 1
            case ")":
                groups.pop()
                sign = 1
            case _:
                powers = _powers(token)
                if powers is None:
                    return None
                for base, power in powers.items():
                    found[base] += power * groups[-1] * sign
                sign = 1
    return frozenset((base, power) for base, power in found.items() if power)


def _powers(component: str) -> Counter[str] | None:
    if component.isdigit():
        return Counter()
    whole = _POWER.fullmatch(component)
    atom = whole[1] if whole is not None and component not in _KNOWN else component
    text = _OF_ATOM.get(_bare(atom))
    if text is None or whole is None:
        return None
    times = int(whole[2] or 1) if atom != component else 1
    parts = re.findall(r"([A-Z])(-?\d*)", text)
    return Counter({base: int(power or 1) * times for base, power in parts})


def _bare(atom: str) -> str:
    """Without its prefix."""
    if atom in _KNOWN:
        return atom
    fitting = (atom.removeprefix(one) for one in PREFIXES.split() if atom.startswith(one))
    return next((one for one in fitting if one in _METRIC), atom)
