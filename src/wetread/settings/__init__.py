"""What a site may choose: one frozen `Settings` from `wetread.toml` and `WETREAD_*`."""

from wetread.settings.egress import EgressSettings
from wetread.settings.readers import Agreement, CascadeSettings, Dialect, PanelSettings, Provider, VisionSettings
from wetread.settings.site import Settings, load_settings, settings_file, use_file

__all__ = [
    "Agreement",
    "CascadeSettings",
    "Dialect",
    "EgressSettings",
    "PanelSettings",
    "Provider",
    "Settings",
    "VisionSettings",
    "load_settings",
    "settings_file",
    "use_file",
]
