"""The kinds of systems that can be connected, in words."""

from collections.abc import Mapping

from nightlatch.entrypoints.console.configuration.kind_forms import Entry, KindForm, SecretPart, Setting

TLS = {
    "verify": "Encrypted, and the server's certificate is checked",
    "require": "Encrypted, but any server is trusted",
    "disable": "Not encrypted: for this very machine only",
}

SERVER = (
    Setting(
        "host", "Host", "A name or an address that Nightlatch can reach.", example="db.example.com", is_needed=True
    ),
    Setting("port", "Port", "From 1 to 65535.", Entry.NUMBER, first="5432"),
    Setting(
        "database",
        "Database",
        "Where the connector itself connects first. Access is not confined to it.",
        example="postgres",
        is_needed=True,
    ),
    Setting("user", "Connector's role", "The role that Nightlatch signs in as.", example="nightlatch", is_needed=True),
    Setting("tls", "Encryption", "How the connection is protected.", Entry.CHOICE, first="verify", options=TLS),
    Setting(
        "certificate_authority",
        "Certificate authority",
        "PEM text, for a server whose certificate no public authority signed. Empty: the well-known ones.",
        Entry.BLOCK,
        may_lack=True,
    ),
)

PASSWORD = (SecretPart("password", "Password of the connector's role", "Kept in Secrets Manager, and never shown."),)

INTEGRATION_KINDS: Mapping[str, KindForm] = {
    form.kind: form
    for form in (
        KindForm(
            "postgresql",
            "PostgreSQL",
            "database",
            "A user of its own for each session, made when access begins and gone when it ends.",
            (
                *SERVER,
                Setting(
                    "reassign_to",
                    "New owner of what is left",
                    "Who gets what a session's user made and still owns. Empty: the connector's role.",
                    may_lack=True,
                ),
            ),
            PASSWORD,
        ),
        KindForm(
            "postgresql-membership",
            "PostgreSQL, people's own roles",
            "people",
            "People keep the role that they have; it is made a member of others, and taken out again.",
            SERVER,
            PASSWORD,
        ),
    )
}
