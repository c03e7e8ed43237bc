"""One frozen `Settings`, read from `wetread.toml` (or the file of `--config`) and `WETREAD_*` in the environment.

The environment wins over the file. Every field says its unit; an unknown key is an error.
"""

from contextvars import ContextVar
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from wetread.errors import ConfigurationError
from wetread.settings.egress import EgressSettings
from wetread.settings.readers import CascadeSettings, PanelSettings, VisionSettings
from wetread.settings.service import ServiceSettings

GIB = 1024**3
FILE: ContextVar[Path] = ContextVar("FILE", default=Path("wetread.toml"))


class Settings(BaseSettings):
    """What a site may choose. Sizes in bytes, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="WETREAD_", env_nested_delimiter="__", frozen=True, extra="forbid")

    default_readers: tuple[str, ...] = Field(("embedded",), description="readers asked where the command names none")
    readers: dict[str, VisionSettings] = Field(default_factory=dict, description="configured readers by name")
    panels: dict[str, PanelSettings] = Field(default_factory=dict, description="readers asked together, by name")
    cascades: dict[str, CascadeSettings] = Field(default_factory=dict, description="a screen and a second reader")
    egress: EgressSettings = Field(EgressSettings(), description="what the studies are and where they may go")
    service: ServiceSettings = Field(default_factory=ServiceSettings, description="listener, worklist, API")
    worklist_file: Path | None = Field(None, description="the site's worklist.toml: waiting caps and deadlines")
    catalog_file: Path | None = Field(None, description="the site's catalog.toml: its models, prices, limits")
    data_dir: Path = Field(default_factory=lambda: user_data_path("wetread"), description="spend, cache, probes")
    budget_usd_per_run: float | None = Field(None, ge=0, description="US dollars of one command, all readers")
    budget_usd_per_day: float | None = Field(None, ge=0, description="US dollars of one day (UTC), all readers")
    readers_dir: Path = Field(
        default_factory=lambda: user_data_path("wetread") / "readers", description="folder of installed readers"
    )
    votes: dict[str, float] = Field(
        default_factory=dict, description="a reader's votes in the panel; 1.0 where unnamed"
    )
    calibration_file: Path | None = Field(
        None, description="probabilities measured on the site's own cases, written by wetread calibrate"
    )
    operating_points: bool = Field(
        False, description="absent at or above the calibration's operating point stands as uncertain"
    )
    vocabulary_file: Path | None = Field(None, description="the site's findings.csv, its findings.toml beside it")
    policy_file: Path | None = Field(None, description="the site's urgency.toml")
    parse_timeout_s: float = Field(5.0, gt=0, description="longest time one file's headers may take")
    prepare_timeout_s: float = Field(60.0, gt=0, description="longest time one study's pictures may take")
    read_timeout_s: float = Field(300.0, gt=0, description="longest time one reader may take for a study")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="from which level on to log")
    studies_at_once: int = Field(8, ge=1, description="studies open at the same time")
    memory_limit_bytes: int = Field(GIB, gt=0, description="memory that parsing and decoding may add")
    picture_edge_px: int = Field(1024, ge=64, description="longer side of the pictures inside HTML and PDF reports")

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature is pydantic-settings'
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, FILE.get())


def use_file(path: Path) -> None:
    """Read settings from this file instead of `wetread.toml` from now on."""
    FILE.set(path)


def settings_file() -> Path:
    """The file that settings are read from; it need not exist."""
    return FILE.get()


def load_settings() -> Settings:
    """The settings of this process.

    Raises: ConfigurationError naming the first field that is wrong.
    """
    try:
        return Settings()
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"setting {where}: {first['msg']}; see docs/reference/settings.md") from None
    except ValueError as problem:
        raise ConfigurationError(f"{FILE.get()}: {problem}; see docs/reference/settings.md") from None
