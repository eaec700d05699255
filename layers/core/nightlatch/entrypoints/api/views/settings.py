"""Settings."""

from typing_extensions import TypedDict

from nightlatch.domain.audit_settings import AuditSettings, Reads, Writer
from nightlatch.entrypoints.api.views.base import view


@view
class AuditSettingsView(TypedDict):
    """What is decided about the audit trail. Version 0: nobody has chosen anything yet."""

    version: int
    retention_days: int
    reads: Reads
    writers: list[Writer]


def audit_settings_view(settings: AuditSettings) -> AuditSettingsView:
    """Show the settings."""
    chosen = settings.choices
    return AuditSettingsView(
        version=settings.version,
        retention_days=chosen.retention_days,
        reads=chosen.reads,
        writers=list(chosen.writers),
    )
