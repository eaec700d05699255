"""The published OCSF schema of the version that we write, and what it refuses of an event.

Besides what its JSON Schema says (what is required and known, types, enums, at least one of some) are the words that
it has for a number: they stand beside it.
"""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from nightlatch.adapters.exports.ocsf import OTHER, VERSION

PUBLISHED = get_ocsf_schema(VERSION)
SCHEMAS = OcsfJsonSchemaEmbedded(PUBLISHED)


def faults_of(event: dict[str, Any]) -> list[str]:
    """List what the schema refuses of an event, under the profiles that the event says it has."""
    metadata = event["metadata"]
    faults = [
        f"{fault.json_path}: {fault.message}"
        for fault in _validator(event["class_uid"], *metadata.get("profiles", ())).iter_errors(event)
    ]
    return faults + _wrong_words(event) + ([] if metadata["version"] == VERSION else ["metadata.version"])


def activities_of(class_uid: int) -> set[int]:
    """List the activities of a class."""
    return {int(number) for number in _attributes(class_uid)["activity_id"]["enum"]}


def _wrong_words(event: dict[str, Any]) -> list[str]:
    """Compare the word beside each number with the schema's. Of "other" it is the event's own."""
    return [
        f"{attribute['sibling']} is not that of {name}"
        for name, attribute in _attributes(event["class_uid"]).items()
        if "enum" in attribute and "sibling" in attribute and name in event and event[name] != OTHER
        if event.get(attribute["sibling"]) != attribute["enum"].get(str(event[name]), {}).get("caption")
    ]


@cache
def _validator(class_uid: int, *profiles: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS.get_class_schema(_name(class_uid), list(profiles)))


def _attributes(class_uid: int) -> dict[str, Any]:
    attributes: dict[str, Any] = PUBLISHED["classes"][_name(class_uid)]["attributes"]
    return attributes


def _name(class_uid: int) -> str:
    name: str = SCHEMAS.lookup_class_name_from_uid(class_uid)
    return name
