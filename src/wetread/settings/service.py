"""Settings of the service: network, waiting, flow, people, operations. Times in seconds where no name says else."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from wetread.settings.delivery import (
    ContextSettings,
    DeidentifySettings,
    DestinationSettings,
    HL7Settings,
    MatchingSettings,
    Part,
)

GIB = 1024**3


class ListenerSettings(Part):
    """The DICOM listener (C-ECHO, C-STORE)."""

    ae_title: str = Field("WETREAD", min_length=1, max_length=16, description="our AE title")
    check_called: bool = Field(False, description="refuse associations that ask for another AE title")
    allowed_calling: tuple[str, ...] = Field((), description="AE titles that may send; empty: everyone may")
    processes: int = Field(1, ge=1, le=64, description="listener processes that share the port")
    max_associations: int = Field(32, ge=1, description="associations open at once, each process")
    max_pdu_bytes: int = Field(0, ge=0, description="largest PDU we take; 0 is unlimited")
    max_object_bytes: int = Field(8 * GIB, gt=0, description="largest object we take")
    network_timeout_s: float = Field(60.0, gt=0, description="silence after which an association is aborted")
    min_free_bytes: int = Field(
        GIB, ge=0, description="room below which objects are refused as out of resources (A700)"
    )
    tls_certificate_file: Path | None = Field(None, description="certificate chain (PEM); switches TLS on")
    tls_key_file: Path | None = Field(None, description="its private key (PEM)")
    tls_client_ca_file: Path | None = Field(None, description="CA of client certificates; switches their check on")


class CompletenessSettings(Part):
    """When a study counts as complete."""

    quiet_s: float = Field(30.0, ge=0, description="quiet time after the last object where nothing else is known")
    closed_quiet_s: float = Field(5.0, ge=0, description="quiet time after the sender closed its association")
    expected_quiet_s: float = Field(1.0, ge=0, description="quiet time once the expected number of objects is there")
    longest_s: float = Field(900.0, gt=0, description="a study that never falls quiet is read after this long")


class FlowSettings(Part):
    """The durable flow."""

    studies_at_once: int = Field(2, ge=1, description="studies read at the same time by one worker")
    attempts: int = Field(4, ge=1, description="tries of a step that failed for now, before it is a dead letter")
    retry_first_s: float = Field(2.0, gt=0, description="wait before the second try; it doubles each time")
    retry_longest_s: float = Field(300.0, gt=0, description="longest wait between two tries")
    heartbeat_s: float = Field(2.0, gt=0, description="how often a worker says that it lives")
    stale_after_s: float = Field(10.0, gt=0, description="silence after which its flows go to another worker")


class SourceSettings(Part):
    """Where studies are fetched from."""

    kind: Literal["folder", "dicomweb", "dicom", "modality_worklist"] = Field(
        description="watched folder, DICOMweb server, DICOM node, or a modality worklist that orders are asked of"
    )
    folder: Path | None = Field(None, description="for kind folder: the folder to watch")
    url: str | None = Field(None, description="for kind dicomweb: its base URL")
    token_env: str | None = Field(None, description="for kind dicomweb: environment variable with a bearer token")
    host: str | None = Field(None, description="for kind dicom: host of the node")
    port: int | None = Field(None, ge=1, le=65535, description="for kind dicom: its port")
    ae_title: str | None = Field(None, max_length=16, description="for kind dicom: its AE title")
    every_s: float = Field(30.0, gt=0, description="how often it is asked for new studies")
    look_back_days: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        1, description="days back that studies are asked for by their date; all: undated and old ones too"
    )
    modalities: tuple[str, ...] = Field((), description="only these modalities; empty: all")
    settle_s: float = Field(5.0, ge=0, description="for kind folder: a file is taken once unchanged for this long")
    retrieve: Literal["auto", "move", "get"] = Field(
        "auto", description="for kind dicom: C-MOVE to our listener, C-GET, or C-MOVE first and C-GET where it can't"
    )
    timeout_s: float = Field(60.0, gt=0, description="silence after which a server or node is given up for now")


class OidcSettings(Part):
    """An identity provider (OpenID Connect, authorization code with PKCE)."""

    issuer: str = Field(description="its issuer URL (https)")
    client_id: str = Field(description="our client id")
    client_secret_env: str | None = Field(None, description="environment variable with the client secret")
    roles_claim: str = Field("groups", description="claim that lists the person's groups")
    roles: dict[str, str] = Field(default_factory=dict, description="group → role of ours")
    algorithms: tuple[str, ...] = Field(("RS256", "ES256"), description="signature algorithms we accept")


class PeopleSettings(Part):
    """Sessions and accounts."""

    session_idle_s: float = Field(30 * 60, gt=0, description="a session ends after this long without a request")
    session_longest_s: float = Field(12 * 3600, gt=0, description="a session ends after this long in any case")
    attempts: int = Field(5, ge=1, description="wrong passwords before an account is locked")
    lock_s: float = Field(15 * 60, gt=0, description="how long it is locked")
    secure_cookie: bool = Field(True, description="cookies only over https (loopback hosts are excepted)")
    oidc: OidcSettings | None = Field(None, description="identity provider")


class AlertSettings(Part):
    """Service levels and whom to tell."""

    webhook_url: str | None = Field(None, description="where alerts are posted as JSON")
    webhook_secret_env: str | None = Field(None, description="environment variable with the key that signs them")
    every_s: float = Field(60.0, gt=0, description="how often the service levels are looked at")
    critical_wait_min: float = Field(15.0, gt=0, description="a critical study open this long raises an alert")
    queue_wait_min: float = Field(30.0, gt=0, description="a study waiting for AI this long raises an alert")
    failed_jobs: int = Field(1, ge=1, description="so many dead letters raise an alert")
    failure_rate: float = Field(0.2, gt=0, le=1, description="share of the last hour's studies that AI failed on")
    free_bytes: int = Field(5 * GIB, ge=0, description="less room than this raises an alert")
    spend_usd_per_day: float | None = Field(None, ge=0, description="spending that raises an alert")
    critical_rate: float = Field(0.1, gt=0, le=1, description="share of a reader's reads of a day that claim P1")


class RetentionSettings(Part):
    """How long things are kept. None: for ever."""

    signed_days: int | None = Field(None, ge=0, description="pixels of a signed study")
    events_hours: int = Field(48, ge=1, description="the feed of changes")
    problems_days: int | None = Field(None, ge=0, description="objects that could not be placed")
    messages_days: int | None = Field(90, ge=1, description="HL7 messages that were done; problems stay")


class GateSettings(Part):
    """The change gate, and readers asked in the shadow of those that are live."""

    required: bool = Field(False, description="a reader that nobody promoted in its slot, as it is now, is not asked")
    run_days: int = Field(30, ge=1, description="a gate run older than this is no ground for a promotion any more")
    policy_file: Path | None = Field(None, description="the site's gate.toml: how much worse a new reader may be")
    shadow_days: int = Field(7, ge=1, description="studies reported so long ago are still read in the shadow")
    shadow_usd_per_day: float | None = Field(None, ge=0, description="US dollars of a day, all readers in the shadow")


class DriftSettings(Part):
    """How often it is asked whether something has moved, and over how much."""

    every_s: float = Field(86_400.0, gt=0, description="how often each reader is looked at")
    window_studies: int = Field(200, ge=50, description="studies that fill a window of the charts")
    window_days: int = Field(14, ge=1, description="days after which a window with fewer studies is taken all the same")
    sentinels_every_s: float = Field(86_400.0, gt=0, description="how often each reader is asked of the sentinel cases")
    pictures: bool = Field(True, description="describe each study's first picture: brightness, detail, shape")


class ServiceSettings(Part):
    """Everything of `wetread serve`, in the table `[service]`."""

    http: str = Field("127.0.0.1:8080", description="HOST:PORT of the API and the pages")
    pages: Path | None = Field(None, description="folder with the built pages; those of the package otherwise")
    public_url: str | None = Field(
        None, pattern=r"^https?://[^/\s]+$", description="URL that people open, where a TLS proxy stands in front"
    )
    dicom: str = Field("127.0.0.1:11112", description="HOST:PORT of the DICOM listener")
    database: str | None = Field(None, description="postgresql:// URL; None: a SQLite file in the data folder")
    blobs: str | None = Field(None, description="fsspec URL of the object store; None: a folder in the data folder")
    rules_file: Path | None = Field(None, description="routing rules; None: rules.toml in the data folder, if there")
    blinded_share: float = Field(
        0.0, ge=0, le=1, description="share of studies, by chance, that a human reads before AI's answer is shown"
    )
    agreed_share: float = Field(
        0.0, ge=0, le=1, description="share of signed reports, by chance, of which agreement with AI is adjudicated"
    )
    evaluations: Path | None = Field(None, description="folder of evaluations; None: evaluations in the data folder")
    listener: ListenerSettings = Field(default_factory=ListenerSettings)
    completeness: CompletenessSettings = Field(default_factory=CompletenessSettings)
    flow: FlowSettings = Field(default_factory=FlowSettings)
    people: PeopleSettings = Field(default_factory=PeopleSettings)
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    drift: DriftSettings = Field(default_factory=DriftSettings)
    hl7: HL7Settings = Field(default_factory=HL7Settings, description="orders and patients over HL7")
    matching: MatchingSettings = Field(default_factory=MatchingSettings, description="orders and studies")
    context: ContextSettings | None = Field(None, description="a FHIR server that knows more of the patient")
    deidentify: DeidentifySettings = Field(default_factory=DeidentifySettings, description="looking up pseudonyms")
    gate: GateSettings = Field(default_factory=GateSettings, description="what a new reader must pass")
    shadow: tuple[str, ...] = Field((), description="readers asked beside the live ones, never part of a report")
    destinations: dict[str, DestinationSettings] = Field(default_factory=dict, description="destinations by name")
    sources: dict[str, SourceSettings] = Field(default_factory=dict, description="sources by name")
