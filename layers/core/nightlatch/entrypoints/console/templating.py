"""Templates: HTML in which everything that is shown is text, unless a template itself says otherwise."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from nightlatch.domain.duration import iso_8601
from nightlatch.domain.value import rfc3339
from nightlatch.entrypoints.console import entry_words, wording
from nightlatch.entrypoints.console.static_files import addresses

DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
FOLDER = Path(__file__).parent / "templates"


def rendered(template: str, **shown: object) -> str:
    """Write a page."""
    return environment().get_template(template).render(**shown)


@cache
def environment() -> Environment:
    """Make the environment. A name that nobody gave is an error, never an empty place."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        finalize=_inert,
    )
    made.globals.update(static=addresses())
    made.filters.update(
        time=_time,
        span=wording.span,
        iso=iso_8601,
        sentence=wording.sentence,
        ago=wording.ago,
        initials=wording.initials,
        hue=wording.hue,
        status=wording.status_mark,
        source=wording.source_word,
        event=wording.event_mark,
        state=entry_words.state_mark,
        target=entry_words.target_of,
        detail=entry_words.detail_of,
        number="{:,}".format,
        severity=wording.severity_mark,
        anomaly=wording.anomaly_title,
        anomaly_state=wording.anomaly_state_mark,
        plural=wording.plural,
    )
    return made


def _inert(shown: object) -> object:
    """Take from a text what would turn the direction of what is read after it: it could look like another text."""
    return DIRECTIONS.sub("\N{REPLACEMENT CHARACTER}", shown) if type(shown) is str else shown


@pass_context
def _time(context: Context, at: datetime, form: str = "%d %b %H:%M") -> Markup:
    """Write a time in the deployment's zone; `datetime` lets a script write it in the reader's own."""
    local = at.astimezone(ZoneInfo(context["zone"]))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        rfc3339(at), local.strftime("%A, %d %B %Y %H:%M:%S %Z"), local.strftime(form)
    )
