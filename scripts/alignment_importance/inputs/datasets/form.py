"""What an adapter of a published data set says of it: what it needs, what it makes of that, and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Need:
    """Something that must lie in the folder `source` of a data set.

    Attributes:
        what: it is, for messages.
        places: where it may be; the first place counts where there is something. A place is a path, or several that
            belong together; * stands for any part of a name. A key of the data set with the name of the need says
            itself where that is.
    """

    what: str
    places: tuple[str | tuple[str, ...], ...]


@dataclass(frozen=True)
class Part:
    """Something that is made of a data set, of which a configuration may want some parts alone.

    Attributes:
        files: in the folder of the data set, by name; what has no ending is a folder.
        of: names of the needs that it is made of.
    """

    files: Mapping[str, str]
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class Key:
    """A key of a data set's entry in the configuration.

    Attributes:
        description: for the documentation and for editors.
        default: its value where it is left out.
        kind: `path` (a file or folder), `whole` (a number from 0 on, or from `least`) or `number`.
        least: the smallest number that is possible.
    """

    description: str
    default: str | int | float | None
    kind: str = "path"
    least: int = 0


@dataclass(frozen=True)
class Form:
    """A data set that the workflow can make.

    Attributes:
        what: it is, for the documentation.
        make: `module:function` in the package `datasets`. The function makes the files of the parts that are wanted; it
            takes the published files and folders by need, the files and folders to make by name, and the data set's
            entry in the configuration.
        makes: its parts by name.
        keys: of its entry in the configuration.
        needs: by name; nothing where the adapter finds or draws its files itself.
    """

    what: str
    make: str
    makes: Mapping[str, Part]
    keys: Mapping[str, Key]
    needs: Mapping[str, Need] = field(default_factory=dict)

    def files(self, folder: str, part: str) -> dict[str, str]:
        """The files and folders of one part, by name, when the data set is made in a folder."""
        return {name: f"{folder}/{path}" for name, path in self.makes[part].files.items()}

    def all_files(self, folder: str) -> list[str]:
        """All files and folders that can be made of the data set."""
        return [path for part in self.makes for path in self.files(folder, part).values()]


def folder_key(folder: str) -> Key:
    """The key that every data set has: where it is written to."""
    return Key("Folder that it is written to.", folder)
