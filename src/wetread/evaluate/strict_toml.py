"""The one way in which the data files of evaluation are parsed: every key is there, of its type, and nothing else."""

import json
import tomllib
from typing import TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from wetread.errors import ClinicalDataInvalid

STRICT = ConfigDict(extra="forbid", strict=True)
"""For the dataclasses of a file, by `with_config`."""
Shape = TypeVar("Shape")


def parsed(name: str, text: str, shape: type[Shape]) -> Shape:
    """The TOML of the file `name` as the dataclass `shape`, whose parts are STRICT.

    Raises: ClinicalDataInvalid naming the file and the first key that is wrong.
    """
    try:
        return TypeAdapter(shape).validate_json(json.dumps(tomllib.loads(text)))
    except tomllib.TOMLDecodeError as problem:
        raise ClinicalDataInvalid(f"{name}: not valid TOML ({problem})") from None
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ClinicalDataInvalid(f"{name}: {key}: {first['msg']}; compare it with the shipped file") from None
    except TypeError as problem:  # TOML knows dates, which none of these files holds
        raise ClinicalDataInvalid(f"{name}: {problem}; compare it with the shipped file") from None
