"""Settings of what goes out and of who is asked for orders. Times in seconds where no name says else."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ObjectKind = Literal["sr", "ko", "gsps", "sc", "pdf"]
OutputFormat = Literal[
    "json", "text", "html", "pdf", "dicom-sr", "dicom-ko", "dicom-gsps", "dicom-sc", "dicom-pdf", "hl7", "fhir"
]


class Part(BaseModel):
    """A table of `wetread.toml`; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(Part):
    """TLS towards a peer. Its certificate is always checked; ours is shown where the files are named."""

    ca_file: Path | None = Field(None, description="CA of the peer's certificate (PEM); else the system's")
    certificate_file: Path | None = Field(None, description="our certificate chain (PEM)")
    key_file: Path | None = Field(None, description="its private key (PEM)")
    check_host: bool = Field(True, description="the certificate must name the peer's host")


class HL7Names(Part):
    """Who sends and who receives (MSH-3 to MSH-6)."""

    sending_application: str = Field("WETREAD", max_length=227, description="MSH-3")
    sending_facility: str = Field("", max_length=227, description="MSH-4")
    receiving_application: str = Field("", max_length=227, description="MSH-5")
    receiving_facility: str = Field("", max_length=227, description="MSH-6")


class DestinationSettings(Part):
    """Where reports go. `kind` names an installed destination; what it does not use stays unset."""

    kind: str = Field("folder", description="folder, dicom, dicomweb, hl7, fhir, webhook or an installed one")
    folder: Path | None = Field(None, description="folder: where the files go")
    format: OutputFormat = Field("json", description="folder, webhook: how reports are written")
    host: str | None = Field(None, description="dicom, hl7: host of the peer")
    port: int | None = Field(None, ge=1, le=65535, description="dicom, hl7: its port")
    url: str | None = Field(None, description="dicomweb, fhir, webhook: its base URL")
    ae_title: str | None = Field(None, max_length=16, description="dicom: its AE title")
    calling_ae_title: str | None = Field(None, max_length=16, description="dicom: ours; else the listener's")
    tls: TlsSettings | None = Field(None, description="dicom, dicomweb, hl7: speak TLS, or whose certificate to trust")
    objects: tuple[ObjectKind, ...] = Field(
        ("sr", "ko"), description="dicom, dicomweb: which objects are sent; fhir, where set: which the archive is given"
    )
    commitment: bool = Field(False, description="dicom: ask for storage commitment")
    commitment_wait_s: float = Field(3600.0, gt=0, description="dicom: how long the answer to it is waited for")
    token_env: str | None = Field(None, description="dicomweb, fhir: environment variable with a bearer token")
    secret_env: str | None = Field(None, description="webhook: environment variable with the key that signs")
    names: HL7Names = Field(default_factory=HL7Names, description="hl7: sender and receiver")
    patient_system: str | None = Field(
        None, description="fhir: identifier system of our patient numbers; None: one of our own, apart from the site's"
    )
    with_pdf: bool = Field(False, description="hl7, fhir: the report as PDF goes along")
    timeout_s: float = Field(60.0, gt=0, description="silence after which a peer is given up for now")
    options: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="what an installed destination of another package is built with"
    )


class HL7Settings(Part):
    """The listener for orders and patients (HL7 v2 over MLLP)."""

    listen: str | None = Field(None, description="HOST:PORT of the listener; None: there is none")
    allowed_senders: tuple[str, ...] = Field((), description="sending applications (MSH-3) we take; empty: all")
    encoding: str = Field("utf-8", description="character set where MSH-18 names none")
    max_message_bytes: int = Field(16 << 20, gt=0, description="largest message we take")
    max_connections: int = Field(64, ge=1, description="connections open at once")
    idle_s: float = Field(600.0, gt=0, description="silence after which a connection is closed")
    tls_certificate_file: Path | None = Field(None, description="certificate chain (PEM); switches TLS on")
    tls_key_file: Path | None = Field(None, description="its private key (PEM)")
    tls_client_ca_file: Path | None = Field(None, description="CA of client certificates; switches their check on")


class MatchingSettings(Part):
    """How orders and studies find each other where no identifier does."""

    before_h: float = Field(12.0, ge=0, description="hours that a study may come before its scheduled time")
    after_h: float = Field(48.0, ge=0, description="hours that it may come after")


class ContextSettings(Part):
    """A FHIR server that knows more of the patient: conditions, laboratory, medication, earlier reports."""

    url: str = Field(description="its base URL (R4)")
    token_env: str | None = Field(None, description="environment variable with a bearer token")
    patient_system: str | None = Field(None, description="identifier system of our patient numbers; None: any")
    look_back_days: int = Field(365, ge=0, description="days back that laboratory values and reports are asked for")
    most: int = Field(20, ge=1, le=200, description="entries taken of each kind, the newest first")
    timeout_s: float = Field(10.0, gt=0, description="longest time the context may take; the read goes on without")


class DeidentifySettings(Part):
    """Who a pseudonym stands for: needed to look it up, never to make one."""

    key_file: Path | None = Field(None, description="the key that pseudonyms and the crosswalk were made with")
    crosswalk_file: Path | None = Field(None, description="the encrypted crosswalk")
