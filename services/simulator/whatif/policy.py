"""A territory under another policy: its settings with some of them replaced, or another folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from services.domain.errors import InvalidFile
from services.network.folder import TERRITORY_FILE, Network, load
from services.network.settings_file import read_mapping


def under_policy(territory: Path, policy: Path, folder: Path) -> Network:
    """Load a territory under a policy.

    Parameters
    ----------
    territory
        The folder that was lived on.
    policy
        A folder: it is taken as it is. A file: keys of ``territory.yaml`` that replace those of
        the territory; what is nested is replaced key by key, lists as a whole, and an empty value
        takes a key away.
    folder
        Where the territory with the file's settings is written.

    Raises
    ------
    InvalidFile
        If one of them cannot be read, or the settings make no sense together.
    """
    if policy.is_dir():
        return load(policy)
    settings = merged(read_mapping(territory / TERRITORY_FILE), read_mapping(policy))
    shutil.copytree(territory, folder, dirs_exist_ok=True)
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    (folder / TERRITORY_FILE).write_text(text, encoding="utf-8")
    try:
        return load(folder)
    except InvalidFile as error:
        if error.path.name != TERRITORY_FILE:
            raise
        raise InvalidFile(policy, error.reason, field=error.field) from None


def merged(settings: dict[str, Any], policy: dict[str, Any]) -> dict[str, Any]:
    """Replace settings by those of a policy."""
    made = dict(settings)
    for key, value in policy.items():
        if value is None:
            made.pop(key, None)
        elif isinstance(value, dict) and isinstance(made.get(key), dict):
            made[key] = merged(made[key], value)
        else:
            made[key] = value
    return made
