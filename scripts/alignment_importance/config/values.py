"""The kinds of value that a configuration may hold, with the checks that concern one value alone."""

import os.path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WrapValidator
from pydantic_core import PydanticCustomError

#: What a name must look like, since it becomes part of file names.
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"

#: Snakemake reads braces and words in angle brackets as placeholders; outputs cannot hold control characters.
PATH_PATTERN = r"^[^{}<>\u0000-\u001f\u007f]*$"

Item = TypeVar("Item")


class Section(BaseModel):
    """A part of the configuration, with its keys and no others."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def _spelt_once(path: str) -> str:
    """Normalise a path, so that another spelling of it does not count as a change."""
    return os.path.normpath(os.path.expanduser(path))


def each_once(items: list[Item]) -> list[Item]:
    """Refuse a list that has an item more than once."""
    repeated = dict.fromkeys(item for item in items if items.count(item) > 1)
    if repeated:
        told = "listed more than once: {items}; keep one of each"
        raise PydanticCustomError("repeated", told, {"items": ", ".join(map(str, repeated))})
    return items


def whole(value: Any) -> Any:
    """Turn 5.0 into 5: YAML tells these numbers apart, but people and JSON schemas do not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_given(value: Any, check: Any) -> Any:
    """Check a number and leave it as it was given: 5 is not written as 5.0."""
    check(value)
    return value


Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Path = Annotated[str, StringConstraints(min_length=1, pattern=PATH_PATTERN), AfterValidator(_spelt_once)]
Natural = Annotated[int, Field(ge=0), BeforeValidator(whole)]
Positive = Annotated[int, Field(ge=1), BeforeValidator(whole)]
AtLeastTwo = Annotated[int, Field(ge=2), BeforeValidator(whole)]
PositiveNumber = Annotated[float, Field(gt=0), WrapValidator(as_given)]
Percentage = Annotated[float, Field(gt=0, lt=100), WrapValidator(as_given)]
UNIQUE = Field(json_schema_extra={"uniqueItems": True})
Percentages = Annotated[list[Percentage], Field(min_length=1), AfterValidator(each_once), UNIQUE]
Texts = Annotated[list[str], AfterValidator(each_once), UNIQUE]
