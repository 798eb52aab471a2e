"""Describes a published data set: the files that it needs, those made from them, and its keys in the configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """Files that must be in the folder `source` of a data set.

    Attributes:
        what: a description, for messages.
        places: where they may be; the first place that exists is used. A place is a path, or several that belong
            together; * matches any part of a name. A key of the data set with the name of the need overrides them.
    """

    what: str
    places: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """A part of a data set, which can be made without the other parts if a configuration wants no more.

    Attributes:
        files: paths in the folder of the data set, by name; those without an ending are folders.
        of: names of the needs that it is made from.
    """

    files: Mapping[str, str]
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """A key of a data set's entry in the configuration.

    Attributes:
        description: a description, for the documentation and for editors.
        default: its value if it is left out. It tells the type of others: a whole number, a number, or the path of a
            file or folder (text, or None for no path).
        least: the smallest possible number.
    """

    description: str
    default: str | int | float | None
    least: int = 0


@dataclass(frozen=True)
class Form:
    """A data set that the workflow can make.

    Attributes:
        what: a description, for the documentation.
        makes: its parts, by name.
        keys: the keys of its entry in the configuration, except `folder`, which the registry adds.
        needs: its needs, by name; empty if the adapter finds or draws its files itself.
    """

    what: str
    makes: Mapping[str, Part]
    keys: Mapping[str, Key]
    needs: Mapping[str, Need] = field(default_factory=dict)

    def files(self, folder: str, part: str) -> dict[str, str]:
        """Return the files and folders of one part, by name, for a data set made in `folder`."""
        return {name: os.path.normpath(f"{folder}/{path}") for name, path in self.makes[part].files.items()}

    def all_files(self, folder: str) -> list[str]:
        """List all files and folders that can be made from the data set."""
        return [path for part in self.makes for path in self.files(folder, part).values()]
