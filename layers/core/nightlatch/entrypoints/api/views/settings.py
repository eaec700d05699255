"""Settings."""

from typing import Self

from nightlatch.domain.audit_settings import AuditSettings, Reads, Writer
from nightlatch.entrypoints.api.views.base import View


class AuditSettingsView(View):
    """What is decided about the audit trail. Version 0: nobody has chosen anything yet."""

    version: int
    retention_days: int
    reads: Reads
    writers: list[Writer]

    @classmethod
    def of(cls, settings: AuditSettings) -> Self:
        """Show the settings."""
        return cls(version=settings.version, **dict(settings.choices))
