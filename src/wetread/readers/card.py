"""A reader's card: what it was trained for, how it is fed, what its numbers mean. Parsed once, at the door."""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wetread.domain.finding import POOLED
from wetread.errors import CardInvalid
from wetread.readers.calibrator import Calibrator

CARD_FILE = "card.toml"
MAX_CARD_BYTES = 1_000_000
Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class CardPart(BaseModel):
    """Strict and frozen: a misspelt key is an error, not a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Weights(CardPart):
    """The network's file beside the card, pinned by its hash."""

    file: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Input(CardPart):
    """How a picture is handed over: square edge in pixels, channels, the values of black and white."""

    tensor: str
    edge_px: int = Field(ge=16, le=4096)
    channels: Literal[1, 3] = 1
    range: tuple[float, float] = (0.0, 255.0)
    fit: Literal["pad", "crop"] = "pad"


class Outputs(CardPart):
    """Names of the network's outputs; `gate` accepts a picture at or above its threshold (a logit)."""

    scores: str
    form: Literal["logit", "probability"] = "logit"
    activation: str | None = None
    gate: str | None = None
    gate_threshold: float = 0.0


class Examination(CardPart):
    """What the reader was trained for. Everything else is an abstention."""

    modalities: tuple[str, ...]
    body_parts: tuple[str, ...]
    projections: tuple[str, ...] = ()
    min_age_years: float | None = None
    adult_age_years: float | None = None
    looks_like: str = "what it was trained on"
    min_edge_px: int = 1


class Abnormal(CardPart):
    """The "any finding" score."""

    index: int
    present_at: Probability
    calibrator: Calibrator | None = None


class CardFinding(CardPart):
    """One output of the network: its code and the calibrated probabilities from which it counts."""

    index: int = Field(ge=0)
    code: str = Field(pattern=r"^wr:[a-z0-9-]+$")
    public_label: str | None = None
    present_at: Probability
    uncertain_at: Probability
    calibrator: Calibrator | None = None
    calibration_positives: int | None = None
    unproven: bool = False

    @model_validator(mode="after")
    def _sound(self) -> "CardFinding":
        if self.calibrator is not None and (self.calibrator.kind == "pooled") != (POOLED in self.calibrator.id):
            raise ValueError(f"{self.code}: the id of a pooled calibrator, and of no other, holds {POOLED!r}")
        if self.uncertain_at > self.present_at:
            raise ValueError(f"{self.code}: uncertain_at must not lie above present_at")
        return self


class ReaderCard(CardPart):
    """The whole card (`wetread.reader-card/1`)."""

    schema_: Literal["wetread.reader-card/1"] = Field(alias="schema")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    version: str
    title: str
    licence: str
    weights: Weights
    input: Input
    outputs: Outputs
    examination: Examination
    abnormal: Abnormal | None = None
    findings: tuple[CardFinding, ...] = Field(min_length=1)
    training: dict[str, object] = Field(default_factory=dict)
    figures: dict[str, object] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _distinct(self) -> "ReaderCard":
        codes = [finding.code for finding in self.findings]
        if len(set(codes)) != len(codes):
            raise ValueError("a code appears twice among the findings")
        return self


def parse_card(text: str, subject: str) -> ReaderCard:
    """A card from its TOML text.

    Raises: CardInvalid naming the card and the first field that is wrong.
    """
    try:
        return ReaderCard.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise CardInvalid(
            f"{subject}: not valid TOML ({problem}); compare it with docs/reference/reader-card.md"
        ) from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CardInvalid(f"{subject}: {where or 'card'}: {first['msg']}; see docs/reference/reader-card.md") from None


def read_card(path: Path) -> ReaderCard:
    """The card in a file.

    Raises: CardInvalid naming the file and what to do.
    """
    subject = f"{path.parent.name}/{path.name}"
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise CardInvalid(f"{subject}: a card has at most {MAX_CARD_BYTES} bytes")
        return parse_card(path.read_text(encoding="utf-8"), subject)
    except (OSError, UnicodeDecodeError) as problem:
        raise CardInvalid(
            f"{subject}: no readable card ({problem}); a reader's folder holds one beside its weights"
        ) from None


def load_card(folder: Path) -> ReaderCard:
    """The card in a reader's folder, its weights present and equal to their hash.

    Raises: CardInvalid naming the file and what to do.
    """
    card = read_card(folder / CARD_FILE)
    weights = folder / card.weights.file
    if not weights.is_file():
        raise CardInvalid(f"{folder.name}: the weights {card.weights.file} are missing; install the reader again")
    found = file_sha256(weights)
    if found != card.weights.sha256:
        raise CardInvalid(
            f"{folder.name}: {card.weights.file} has SHA-256 {found[:12]}…, the card says "
            f"{card.weights.sha256[:12]}…; install the reader again or correct the card"
        )
    return card


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
