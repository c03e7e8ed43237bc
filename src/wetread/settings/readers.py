"""Readers, panels and cascades a site configures under a name of its own."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Provider(StrEnum):
    """Whose interface an endpoint speaks."""

    OPENAI = "openai"
    OPENAI_RESPONSES = "openai-responses"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    DEEPSEEK = "deepseek"
    OPENAI_COMPATIBLE = "openai-compatible"


class Dialect(StrEnum):
    """What an OpenAI-compatible gateway expects where it leaves the common path."""

    OPENAI = "openai"
    HOLYSHEEP = "holysheep"
    OPENROUTER = "openrouter"
    VLLM = "vllm"
    OLLAMA = "ollama"
    LLAMA_CPP = "llama.cpp"
    IMAGE_PROMPT = "image-prompt"
    ANTHROPIC_BLOCKS = "anthropic-blocks"


class Agreement(BaseModel):
    """What was agreed with whoever runs an endpoint. Nothing is the default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str | None = Field(None, description="where data is processed: US, EEA, CN, …")
    processing: bool = Field(False, description="a data processing agreement is signed")
    baa: bool = Field(False, description="a business associate agreement (US) is signed")
    zero_retention: bool = Field(False, description="requests are not kept")
    no_training: bool = Field(False, description="requests are not used for training")
    reseller: bool = Field(False, description="requests are passed on to other providers")


class VisionSettings(BaseModel):
    """`[readers.NAME]` with `kind = "vision"`: one vision model behind one endpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["vision"]
    provider: Provider = Field(description="whose interface the endpoint speaks")
    model_id: str = Field(min_length=1, description="the provider's name of the model, as in the catalog")
    base_url: str | None = Field(None, pattern=r"^https?://", description="address; needed for openai-compatible")
    api_key_env: str | None = Field(None, description="environment variable that holds the key")
    api_key_file: Path | None = Field(None, description="file that holds the key and nothing else")
    dialect: Dialect = Field(Dialect.OPENAI, description="what an openai-compatible gateway expects")
    on_site: bool = Field(False, description="the endpoint is inside the house (the loopback always is)")
    agreement: Agreement = Field(Agreement(), description="what was agreed with whoever runs it")

    answer_form: Literal["auto", "structured", "tool", "text"] = Field(
        "auto", description="how the answer is asked for; auto: by the catalog, falling back to the next"
    )
    passes: int = Field(2, ge=1, le=2, description="1: pictures alone; 2: then with the clinical text")
    consistency_runs: int = Field(1, ge=1, le=9, description="further runs where the first is uncertain, in all")
    synthesis: bool = Field(True, description="a further text call sums up a study that took several calls")
    temperature: Annotated[float, Field(ge=0, le=2)] | Literal["default"] = Field(
        0.0, description="sampling temperature; default leaves it to the provider"
    )
    max_output_tokens: int = Field(4096, ge=256, description="most tokens of one answer")
    max_images_per_call: int | None = Field(None, ge=1, description="most pictures of one call; the catalog's")
    max_edge_px: int | None = Field(None, ge=64, description="longest side of a picture; the catalog's")
    max_images: int = Field(48, ge=1, description="most pictures of a study")

    timeout_s: float = Field(60.0, gt=0, description="longest time of one call")
    slow_after_s: float | None = Field(None, gt=0, description="service level: a slower read raises an alarm")
    retries: int = Field(3, ge=0, le=10, description="further tries after 429, 5xx and broken connections")
    concurrency: int = Field(5, ge=1, description="calls at the same time")
    requests_per_minute: int | None = Field(None, ge=1, description="calls a minute")
    tokens_per_minute: int | None = Field(None, ge=1, description="tokens a minute, input and output")
    budget_usd_per_run: float | None = Field(None, ge=0, description="US dollars of one command")
    budget_usd_per_day: float | None = Field(None, ge=0, description="US dollars of one day (UTC)")
    price_input_usd: float | None = Field(None, ge=0, description="US dollars a million input tokens; the catalog's")
    price_output_usd: float | None = Field(None, ge=0, description="US dollars a million output tokens")
    fallback: tuple[str, ...] = Field((), description="readers asked where this one is not available, in order")
    breaker_failures: int = Field(5, ge=1, description="failures in a row after which it is left alone")
    breaker_rest_s: float = Field(30.0, gt=0, description="how long it is left alone")
    cache: Literal["run", "disk", "off"] = Field("run", description="where answers to the same request are kept")

    @model_validator(mode="after")
    def _address(self) -> "VisionSettings":
        if self.provider is Provider.OPENAI_COMPATIBLE and self.base_url is None:
            raise ValueError("an openai-compatible reader needs a base_url")
        if self.api_key_env and self.api_key_file:
            raise ValueError("name api_key_env or api_key_file, not both")
        return self


class PanelSettings(BaseModel):
    """`[panels.NAME]`: readers asked together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    readers: tuple[str, ...] = Field(min_length=1, description="readers or cascades, by name")
    votes: dict[str, float] = Field(default_factory=dict, description="votes by reader; 1.0 where unnamed")
    weights_file: Path | None = Field(None, description="sensitivities and specificities measured on the site's data")


class CascadeSettings(BaseModel):
    """`[cascades.NAME]`: a local screen first, a vision model where it is uncertain or positive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: str = Field(description="the screen, by name")
    then: str = Field(description="the reader asked after it, by name")
    uncertain_from: float = Field(0.2, ge=0, le=1, description="probability from which a study goes on")
    figures_file: Path | None = Field(None, description="the screen's misses on the site's data, for the condition")
    alpha: float = Field(0.05, gt=0, lt=1, description="largest missed rate at which the second may be skipped")
