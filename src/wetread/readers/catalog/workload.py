"""What a site reads in a day and how much is known of its patients: the assumptions behind a predicted bill."""

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError, with_config

from wetread.errors import ConfigurationError
from wetread.readers.catalog.tokens import STRICT, Count

SHIPPED = "workload.toml"
SEE = "see docs/reference/catalog.md"
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One kind of study: how many pictures of which size (px) are made of it, and its share among all studies."""

    name: str
    modality: str
    body_part: str | None = None
    share: Positive
    pictures: Count
    width_px: Count
    height_px: Count


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A mix of examinations, each with so many tokens of clinical text; `source` says where it is from."""

    version: str
    source: str
    studies_per_day: Positive
    days_per_year: Positive
    passes: Annotated[int, Field(ge=1, le=2)]
    clinical_tokens: Annotated[int, Field(ge=0)]
    examination: Annotated[tuple[Examination, ...], Field(min_length=1)]


_WORKLOAD = TypeAdapter(Workload)


def load_workload(path: Path | None = None) -> Workload:
    """The shipped assumptions or a site's file.

    Raises: ConfigurationError naming the file and the key.
    """
    name = SHIPPED if path is None else str(path)
    try:
        shipped = files(__package__).joinpath(SHIPPED)
        text = shipped.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8-sig")
        data: dict[str, Any] = tomllib.loads(text)
        return _WORKLOAD.validate_python(data)
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationError(f"{name}: can't be read ({problem}); name a UTF-8 file that exists") from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigurationError(f"{name}: not valid TOML ({problem}); {SEE}") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "it"
        raise ConfigurationError(f"{name}: {key}: {first['msg']}; {SEE}") from None


def only(workload: Workload, *, modality: str) -> Workload:
    """The workload as if every study were of this modality.

    Raises: ConfigurationError where no examination of that modality is described.
    """
    found = tuple(one for one in workload.examination if one.modality == modality.upper())
    if not found:
        known = ", ".join(sorted({one.modality for one in workload.examination}))
        raise ConfigurationError(f"no examination of modality {modality!r}; there are {known}; describe it with --mix")
    return replace(workload, examination=found)
