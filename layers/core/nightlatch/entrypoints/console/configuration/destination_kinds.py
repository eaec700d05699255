"""The kinds of destinations, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from nightlatch.domain.destination import DestinationKind
from nightlatch.entrypoints.console.configuration.kind_forms import Entry, KindForm, SecretPart, Setting

GZIP = Setting("gzip", "Compress what is sent", "With gzip.", Entry.SWITCH)
AUTHORITY = Setting(
    "ca_certificate",
    "Certificate authority",
    "PEM text of a private receiver's authority. Empty: the well-known ones.",
    Entry.BLOCK,
)
HTTP = (GZIP, AUTHORITY)
ROLE = Setting(
    "role_arn",
    "Role that Nightlatch takes",
    "Named nightlatch-destination-…; it trusts this destination's id as external id.",
    example="arn:aws:iam::444455556666:role/nightlatch-destination-siem",
    is_needed=True,
)
OAUTH = ("authorization.type", "oauth")
BEARER = ("authorization.type", "bearer")


@dataclass(frozen=True)
class DestinationForm(KindForm):
    """What is asked besides: whether headers are added, answers judged, and the form of events chosen."""

    has_headers: bool = True
    has_validators: bool = True
    has_formats: bool = True


DESTINATION_KINDS: Mapping[DestinationKind, DestinationForm] = {
    DestinationKind(form.kind): form
    for form in (
        DestinationForm(
            "webhook",
            "Webhook",
            "link",
            "Any receiver of yours. Each message is signed, after Standard Webhooks.",
            (
                Setting("url", "Address", "HTTPS.", example="https://siem.example.com/events", is_needed=True),
                Setting("batch", "Several events in one message", "Up to 500.", Entry.SWITCH),
                Setting(
                    "authorization.type",
                    "Authorization",
                    "What is sent beside the signature.",
                    Entry.CHOICE,
                    first="none",
                    options={
                        "none": "The signature is enough",
                        "bearer": "A token that the receiver gave",
                        "oauth": "OAuth 2.0 client credentials",
                    },
                ),
                Setting(
                    "authorization.token_url",
                    "Token address",
                    "For OAuth only.",
                    example="https://login.example.com/oauth2/token",
                    is_needed=True,
                    only_with=OAUTH,
                ),
                Setting("authorization.client_id", "Client id", "For OAuth only.", is_needed=True, only_with=OAUTH),
                Setting("authorization.scope", "Scope", "For OAuth only, if it needs one.", only_with=OAUTH),
                *HTTP,
            ),
            (
                SecretPart("signing_key", "Signing key", "whsec_… in base64. Empty: one is made."),
                SecretPart("bearer_token", "Bearer token", "What the receiver gave.", only_with=BEARER),
                SecretPart("client_secret", "Client secret", "Of the client for OAuth.", only_with=OAUTH),
            ),
        ),
        DestinationForm(
            "splunk-hec",
            "Splunk",
            "pulse",
            "The HTTP Event Collector.",
            (
                Setting(
                    "url",
                    "Collector",
                    "HTTPS, without a path.",
                    example="https://http-inputs-acme.splunkcloud.com",
                    is_needed=True,
                ),
                Setting("index", "Index", "Empty: the token's."),
                Setting("source", "Source", "Empty: the token's.", first="nightlatch"),
                Setting("source_type", "Source type", "Empty: the token's.", first="_json"),
                Setting("host", "Host", "Empty: the collector's."),
                *HTTP,
            ),
            (SecretPart("token", "Collector's token"),),
        ),
        DestinationForm(
            "azure-logs",
            "Azure Monitor, Sentinel",
            "shield",
            "The Logs Ingestion API, into a stream of a data collection rule.",
            (
                Setting(
                    "endpoint",
                    "Endpoint",
                    "Of the rule, or a data collection endpoint: HTTPS, without a path.",
                    example="https://siem-1a2b.westeurope-1.ingest.monitor.azure.com",
                    is_needed=True,
                ),
                Setting("rule", "Rule", "Its immutable id, dcr-…", example="dcr-00000000", is_needed=True),
                Setting("stream", "Stream", "Custom-… or Microsoft-…", example="Custom-Nightlatch", is_needed=True),
                Setting("tenant", "Tenant", "An id or a domain.", example="acme.onmicrosoft.com", is_needed=True),
                Setting("client_id", "Client id", "Of the application that may publish to the rule.", is_needed=True),
                Setting(
                    "cloud",
                    "Cloud",
                    "Where the tenant is.",
                    Entry.CHOICE,
                    first="public",
                    options={"public": "Public", "us-government": "US government", "china": "China"},
                ),
                *HTTP,
            ),
            (SecretPart("client_secret", "Client secret"),),
        ),
        DestinationForm(
            "datadog",
            "Datadog",
            "screen",
            "The intake for logs.",
            (
                Setting(
                    "site",
                    "Site",
                    "What the address of your account ends with.",
                    first="datadoghq.com",
                    example="datadoghq.eu",
                    is_needed=True,
                ),
                Setting("source", "Source", first="nightlatch"),
                Setting("service", "Service", first="nightlatch"),
                Setting("host", "Host"),
                Setting("tags", "Tags", "Parted by commas.", example="env:prod,team:security"),
                *HTTP,
            ),
            (SecretPart("api_key", "API key"),),
        ),
        DestinationForm(
            "sumologic",
            "Sumo Logic",
            "box",
            "An HTTP source. Its address is all that is needed to write to it, so it is the secret.",
            (
                Setting("category", "Category", "Empty: the source's."),
                Setting("source_name", "Source name", first="nightlatch"),
                Setting("host", "Host", "Empty: the source's."),
                Setting("fields", "Fields", "Empty: the source's.", example="team=security"),
                *HTTP,
            ),
            (SecretPart("address", "Source's address", "HTTPS."),),
        ),
        DestinationForm(
            "s3",
            "Amazon S3",
            "database",
            "An archive in a bucket of yours: compressed JSON lines.",
            (
                Setting("bucket", "Bucket", "Its name.", example="acme-audit-archive", is_needed=True),
                Setting("region", "Region", example="eu-central-1", is_needed=True),
                Setting("prefix", "Prefix", "What the names of objects begin with.", first="nightlatch/"),
                Setting("kms_key", "KMS key", "An ARN. Empty: as the bucket encrypts by itself."),
                ROLE,
            ),
            has_headers=False,
            has_validators=False,
        ),
        DestinationForm(
            "slack",
            "Slack",
            "inbox",
            "An audit channel, one message for each event.",
            (
                Setting("channel", "Channel", "Its id, for a bot's token only.", example="C0123456789"),
                Setting(
                    "api_url",
                    "API",
                    "Another one for GovSlack: https://slack-gov.com/api",
                    first="https://slack.com/api",
                    is_needed=True,
                ),
                AUTHORITY,
            ),
            (SecretPart("address", "Webhook's address, or a bot's token", "https://hooks.slack.com/… or xoxb-…"),),
            has_validators=False,
            has_formats=False,
        ),
        DestinationForm(
            "eventbridge",
            "Amazon EventBridge",
            "bolt",
            "A bus of yours. Rules choose by the event's name.",
            (
                Setting(
                    "bus_arn",
                    "Bus",
                    "Its ARN.",
                    example="arn:aws:events:eu-central-1:444455556666:event-bus/audit",
                    is_needed=True,
                ),
                ROLE,
            ),
            has_headers=False,
            has_validators=False,
        ),
    )
}
