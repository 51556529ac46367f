"""Is a text a UCUM unit, and are two of them one unit spelled twice? Syntax only: nothing is converted, and what
they measure is for `dimensions.py`.

Grammar and atoms: The Unified Code for Units of Measure, version 2.2 (2024-06-17), case-sensitive column of
`ucum-essence.xml`, https://ucum.org/ucum. This material contains content from UCUM (http://unitsofmeasure.org),
copyright Regenstrief Institute, Inc.

Two things beyond the letter of the grammar, both written by DICOM: an annotation straight in front of its unit
(`{SUVbw}g/ml`, where CID 84 now has `g/ml{SUVbw}`) and behind a number or a parenthesis.
"""

from __future__ import annotations

import re

PREFIXES = "da Ki Mi Gi Ti Y Z E P T G M k h d c m u n p f a z y"

METRIC = (  # takes a prefix
    "m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc [c] [h] [k]"
    " [eps_0] [mu_0] [e] [m_e] [m_p] [G] [g] [ly] gf Ky Gal dyn erg P Bi St Mx G Oe Gb sb Lmb ph Ci R RAD REM"
    " cal_[15] cal_[20] cal_m cal_IT cal_th cal tex m[H2O] m[Hg] eq osm g% kat U [iU] [IU] Np B B[SPL] B[V] B[mV]"
    " B[uV] B[10.nV] B[W] B[kW] st mho bit By Bd"
)

PLAIN = (  # takes none
    "10* 10^ [pi] % [ppth] [ppm] [ppb] [pptr] gon deg ' '' min h d a_t a_j a_g a wk mo_s mo_j mo_g mo AU atm"
    " [lbf_av] [in_i] [ft_i] [yd_i] [mi_i] [fth_i] [nmi_i] [kn_i] [sin_i] [sft_i] [syd_i] [cin_i] [cft_i] [cyd_i]"
    " [bf_i] [cr_i] [mil_i] [cml_i] [hd_i] [ft_us] [yd_us] [in_us] [rd_us] [ch_us] [lk_us] [rch_us] [rlk_us]"
    " [fth_us] [fur_us] [mi_us] [acr_us] [srd_us] [smi_us] [sct] [twp] [mil_us] [in_br] [ft_br] [rd_br] [ch_br]"
    " [lk_br] [fth_br] [pc_br] [yd_br] [mi_br] [nmi_br] [kn_br] [acr_br] [gal_us] [bbl_us] [qt_us] [pt_us] [gil_us]"
    " [foz_us] [fdr_us] [min_us] [crd_us] [bu_us] [gal_wi] [pk_us] [dqt_us] [dpt_us] [tbs_us] [tsp_us] [cup_us]"
    " [foz_m] [cup_m] [tsp_m] [tbs_m] [gal_br] [pk_br] [bu_br] [qt_br] [pt_br] [gil_br] [foz_br] [fdr_br] [min_br]"
    " [gr] [lb_av] [oz_av] [dr_av] [scwt_av] [lcwt_av] [ston_av] [lton_av] [stone_av] [pwt_tr] [oz_tr] [lb_tr]"
    " [sc_ap] [dr_ap] [oz_ap] [lb_ap] [oz_m] [lne] [pnt] [pca] [pnt_pr] [pca_pr] [pied] [pouce] [ligne] [didot]"
    " [cicero] [degF] [degR] [degRe] [Cal] [Btu_39] [Btu_59] [Btu_60] [Btu_m] [Btu_IT] [Btu_th] [Btu] [HP] [den]"
    " [in_i'H2O] [in_i'Hg] [PRU] [wood'U] [diop] [p'diop] %[slope] [mesh_i] [Ch] [drp] [hnsf'U] [MET] [hp'_X]"
    " [hp'_C] [hp'_M] [hp'_Q] [hp_X] [hp_C] [hp_M] [hp_Q] [kp_X] [kp_C] [kp_M] [kp_Q] [pH] [S] [HPF] [LPF] [arb'U]"
    " [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U]"
    " [mclg'U] [tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf]"
    " [D'ag'U] [FEU] [ELU] [EU] Ao b att [psi] circ sph [car_m] [car_Au] [smoot] [m/s2/Hz^(1/2)] [NTU] [FNU] bit_s"
)


def _any_of(symbols: str) -> str:
    return "|".join(map(re.escape, symbols.split()))


_NOTE = r"\{[!-z|~]*\}"  # printable ASCII without braces and blanks
_NUMBER = "[1-9][0-9]*"
_SIMPLE = rf"(?:(?:{_any_of(PREFIXES)})?(?:{_any_of(METRIC)})|{_any_of(PLAIN)})(?:[+-]?{_NUMBER})?"
# A component ends before an operator, a closing parenthesis or the end: so `mo` is not read as metre and a rest
_COMPONENT = re.compile(rf"(?:(?:{_NOTE})?(?:{_SIMPLE}|{_NUMBER})(?:{_NOTE})?|{_NOTE})(?=[./)]|\Z)")
_CLOSING = re.compile(rf"\)(?:{_NOTE})?")


def is_ucum(text: str) -> bool:
    """True for `mm[Hg]`, `/min`, `{beats}/min`, `10*3/uL`, `mL/min/{1.73_m2}`; false for `bpm`, `mmHg`, `kg m`, ``.

    Reads from left to right, counting parentheses, so that hostile nesting costs nothing.
    """
    at, depth, operand_next = int(text.startswith("/")), 0, True  # a leading solidus: one divided by the rest
    while at < len(text):
        if operand_next:
            if text[at] == "(":
                at, depth = at + 1, depth + 1
                at += text.startswith("/", at)
                continue
            found = _COMPONENT.match(text, at)
        elif text[at] in "./":
            at, operand_next = at + 1, True
            continue
        else:
            found, depth = _CLOSING.match(text, at), depth - 1
        if found is None or depth < 0:
            return False
        at, operand_next = found.end(), False
    return depth == 0 and not operand_next


_NOTES = re.compile(_NOTE)
_LITRE = re.compile(rf"(?<![A-Za-z\[_'])((?:{_any_of(PREFIXES)})?)l(?![A-Za-z_\]'])")


def without_notes(unit: str) -> str:
    """Annotations count for 1 (UCUM section 12)."""
    return _NOTES.sub("", unit)


def plain(unit: str) -> str:
    """Without annotations, and in one spelling of what UCUM gives two symbols:
    `{H.B.}/min` and `1/min` are `/min`, `ml` is `mL`, `[iU]` is `[IU]`."""
    bare = without_notes(unit).replace("[iU]", "[IU]").replace("10^", "10*")
    return _LITRE.sub(r"\1L", bare.removeprefix("1") if bare.startswith("1/") else bare) or "1"


def is_said_by(unit: str, other: str) -> bool:
    """Whether `other` says all that `unit` does, of the same number: `ug/mL` does not say `ug/mL{FEU}`."""
    return plain(unit) == plain(other) and set(_NOTES.findall(unit)) <= set(_NOTES.findall(other))
