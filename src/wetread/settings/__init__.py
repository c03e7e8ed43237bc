"""What a site may choose: one frozen `Settings` from `wetread.toml` and `WETREAD_*`."""

from wetread.settings.egress import EgressSettings
from wetread.settings.readers import Agreement, CascadeSettings, Dialect, PanelSettings, Provider, VisionSettings
from wetread.settings.service import (
    AlertSettings,
    CompletenessSettings,
    DestinationSettings,
    FlowSettings,
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
    "DestinationSettings",
    "Dialect",
    "EgressSettings",
    "FlowSettings",
    "ListenerSettings",
    "OidcSettings",
    "PanelSettings",
    "PeopleSettings",
    "Provider",
    "RetentionSettings",
    "ServiceSettings",
    "Settings",
    "SourceSettings",
    "VisionSettings",
    "load_settings",
    "settings_file",
    "use_file",
]
