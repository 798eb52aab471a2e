"""Downloads trained weights, once, into the cache of PyTorch or of the Hugging Face hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

import huggingface_hub
import torch
from huggingface_hub.errors import EntryNotFoundError
from huggingface_hub.file_download import repo_folder_name

from alignment_importance.system import digests
from alignment_importance.system.errors import InputError

_OR_A_FILE = "or name a local file with `weights: checkpoint` and `checkpoint: FILE`."


def check_cached(url: str) -> None:
    """Refuse cached weights whose SHA-256 does not begin as their file name says; torch checks only downloads."""
    file = Path(torch.hub.get_dir()) / "checkpoints" / Path(url).name
    named = torch.hub.HASH_REGEX.search(file.name)
    if named and file.is_file() and not digests.sha256(file).startswith(named[1]):
        raise InputError(
            f"its SHA-256 does not begin with {named[1]} as its name says; a download was interrupted, or "
            "it is another file. Remove it; it is downloaded when it is needed.",
            where=file,
        )


@contextmanager
def from_url(weights: str, url: str) -> Iterator[None]:
    """Explain what to do if torch's loader fails in the block; it checks the hash and caches the file itself."""
    try:
        yield
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise InputError(
            f"The weights {weights} could not be downloaded from {url} ({error}). Put that file into "
            f"{folder}, {_OR_A_FILE}"
        ) from error


def check_hub(repository: str, files: tuple[str, ...]) -> None:
    """Check that weights are in the cache of the Hugging Face hub, or could be downloaded now.

    Args:
        repository: such as timm/resnet50.a1_in1k.
        files: names that the weights may have there; the first that exists is used.

    Raises:
        InputError: they are neither cached nor can be downloaded.
    """
    if _cached(repository, files) is None:
        with _reaching(repository, files):
            _first_there(repository, files)


def from_hub(repository: str, files: tuple[str, ...]) -> Path:
    """The file of weights in the cache of the Hugging Face hub, downloaded if need be; arguments as for `check_hub`.

    Cached weights are used without asking the hub for newer ones, so that the weights of a run stay the same.
    """
    if (cached := _cached(repository, files)) is not None:
        return cached
    with _reaching(repository, files):
        return Path(huggingface_hub.hf_hub_download(repository, _first_there(repository, files)))


def _first_there(repository: str, files: tuple[str, ...]) -> str:
    """The first of the files that a repository has."""
    for file in files:
        if huggingface_hub.file_exists(repository, file):
            return file
    raise EntryNotFoundError(f"it has no {' or '.join(files)}")


def _cached(repository: str, files: tuple[str, ...]) -> Path | None:
    cached = (huggingface_hub.try_to_load_from_cache(repository, file) for file in files)
    return next((Path(path) for path in cached if isinstance(path, str)), None)


@contextmanager
def _reaching(repository: str, files: tuple[str, ...]) -> Iterator[None]:
    """Explain what to download, and to where, if the block fails; the hub's client raises errors of many families."""
    try:
        yield
    except Exception as error:
        (reason, *_) = str(error).splitlines() or [type(error).__name__]
        folder = Path(huggingface_hub.constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repository, repo_type="model")
        raise InputError(
            f"The weights {repository} are not in the cache of the Hugging Face hub, and could not be downloaded from "
            f"it ({reason}). Where there is internet, run `hf download {repository} {files[0]}`, and copy the folder "
            f"that it makes to {folder}, {_OR_A_FILE}"
        ) from error
