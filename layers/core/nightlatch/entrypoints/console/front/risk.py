"""What makes a request risky, in the words that administrators chose for the finding of anomalies."""

from typing import NamedTuple

from nightlatch.domain.access_request import AccessRequest
from nightlatch.domain.detectors.choices import RiskWords
from nightlatch.domain.detectors.matching import found_in_any


class Risk(NamedTuple):
    """Something that an approver should see, and why it is so."""

    word: str
    why: str


def risks_of(request: AccessRequest, words: RiskWords) -> list[Risk]:
    """List what is risky, each thing once."""
    risks = []
    for item in request.items:
        if elevating := words.elevates(item.permission):
            risks.append(Risk("Elevated", f"{item.permission} contains {elevating}"))
        if sensitive := found_in_any((item.resource_name, *item.resource_tags), words.sensitive):
            risks.append(Risk("Sensitive", f"{item.resource_name} or its tags contain {sensitive}"))
    return list(dict.fromkeys(risks))
