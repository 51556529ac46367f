"""What every part of the configuration has in common."""

from __future__ import annotations

import ipaddress
import re
from difflib import get_close_matches
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


class Strict(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        return only_known(cls, given)


def only_known(model: type[BaseModel], given: Any) -> Any:
    """What is given. Raises ValueError naming a key that the model has not, and its keys, the nearest first."""
    for key in given if isinstance(given, dict) else ():
        if key not in model.model_fields:
            near = get_close_matches(str(key), model.model_fields, n=len(model.model_fields), cutoff=0.6)
            known = dict.fromkeys([*near, *model.model_fields])
            raise ValueError(f"unknown key {key!r}; known are {', '.join(known)}")
    return given


def _url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", value):
        raise ValueError("write http:// or https://, a host, and no user, query or fragment")
    return value.rstrip("/")


Url = Annotated[str, AfterValidator(_url)]


def is_loopback(host: str | None) -> bool:
    """A name other than localhost could lead anywhere."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def in_clear(url: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not is_loopback(parts.hostname)
