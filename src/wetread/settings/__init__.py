"""What a site may choose: one frozen `Settings` from `wetread.toml` and `WETREAD_*`."""

from wetread.settings.delivery import (
    ContextSettings,
    DeidentifySettings,
    DestinationSettings,
    HL7Names,
    HL7Settings,
    MatchingSettings,
    TlsSettings,
)
from wetread.settings.egress import EgressSettings
from wetread.settings.readers import Agreement, CascadeSettings, Dialect, PanelSettings, Provider, VisionSettings
from wetread.settings.service import (
    AlertSettings,
    CompletenessSettings,
    DriftSettings,
    FlowSettings,
    GateSettings,
    ListenerSettings,
    OidcSettings,
    PeopleSettings,
    RetentionSettings,
    ServiceSettings,
    SourceSettings,
)
from wetread.settings.site import Settings, load_settings, settings_file, use_file

__all__ = [
    "Agreement",
    "AlertSettings",
    "CascadeSettings",
    "CompletenessSettings",
    "ContextSettings",
    "DeidentifySettings",
    "DestinationSettings",
    "Dialect",
    "DriftSettings",
    "EgressSettings",
    "FlowSettings",
    "GateSettings",
    "HL7Names",
    "HL7Settings",
    "ListenerSettings",
    "MatchingSettings",
    "OidcSettings",
    "PanelSettings",
    "PeopleSettings",
    "Provider",
    "RetentionSettings",
    "ServiceSettings",
    "Settings",
    "SourceSettings",
    "TlsSettings",
    "VisionSettings",
    "load_settings",
    "settings_file",
    "use_file",
]
