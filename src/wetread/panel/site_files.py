"""Files of figures a site measured on its own data: TOML or JSON, told apart by the name's end."""

import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from wetread.errors import ClinicalDataInvalid

File = TypeVar("File", bound=BaseModel)


def parse_file(path: Path, shape: type[File]) -> tuple[File, bytes]:
    """The file in the shape asked for, and its bytes.

    Raises: ClinicalDataInvalid naming the file, the key and what is wrong with it.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise ClinicalDataInvalid(f"{path}: can't be read ({problem.strerror}); name a file that exists") from None
    try:
        return shape.model_validate(_data(content, json_text=path.suffix.casefold() == ".json")), content
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ClinicalDataInvalid(f"{path}: {key}: {first['msg']}; see docs/explanation/panel.md") from None
    except (ValueError, RecursionError) as problem:
        raise ClinicalDataInvalid(f"{path}: not valid TOML or JSON ({problem})") from None


def _data(content: bytes, *, json_text: bool) -> Any:  # noqa: ANN401 - pydantic checks the shape
    text = content.decode("utf-8-sig")
    return json.loads(text) if json_text else tomllib.loads(text)
