"""Configuration: `bridge.yaml`, every key also as `BRIDGE_...`; unknown keys are errors."""

from __future__ import annotations

import os
import re
from pathlib import Path

import yaml
from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bridge.errors import UsageError


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BRIDGE_", extra="forbid")

    mappings: Path | None = None  # a site's own folder; its rows win over the shipped ones
    issuer: str | None = None  # issuer of Patient IDs that name none
    timezone: str = "+00:00"  # of DICOM times that name none, `+hh:mm`

    @field_validator("timezone")
    @classmethod
    def _offset(cls, value: str) -> str:
        if not re.fullmatch(r"[+-](0\d|1[0-4]):[0-5]\d", value):
            raise ValueError("write an offset from UTC, such as +01:00")
        return value


def settings(file: Path | None) -> Settings:
    """Raises UsageError naming every key at fault."""
    found: object = {}
    if file is not None:
        try:
            found = yaml.safe_load(file.read_text("utf-8")) or {}
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"{file}: cannot be read: {error.__class__.__name__}; give a YAML file") from error
    if not isinstance(found, dict):
        raise UsageError(f"{file}: no map of keys; write `key: value`")
    from_environment = {key.lower() for key in os.environ}
    try:
        return Settings(**{key: value for key, value in found.items() if f"bridge_{key}" not in from_environment})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise UsageError(f"{file or 'environment'}: {faults}") from error
