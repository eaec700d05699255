"""What pages call: the services, each wired when it is first needed. Tests hand in their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nightlatch.bootstrap import clock
from nightlatch.bootstrap.anomaly_settings import anomaly_settings
from nightlatch.bootstrap.approvals import approvals
from nightlatch.bootstrap.asking import asking
from nightlatch.bootstrap.console import sessions, signing_in
from nightlatch.bootstrap.requests import access_requests
from nightlatch.bootstrap.settings import ConsoleSettings, Settings, console_settings, settings
from nightlatch.bootstrap.sign_ins import sign_ins
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking
from nightlatch.services.sessions import Sessions
from nightlatch.services.sign_ins import SignIns
from nightlatch.services.signing_in import SigningIn


@dataclass(frozen=True)
class Desk:
    """Where a page finds its services."""

    settings: Callable[[], Settings] = settings
    console: Callable[[], ConsoleSettings] = console_settings
    sessions: Callable[[], Sessions] = sessions
    signing_in: Callable[[], SigningIn] = signing_in
    sign_ins: Callable[[], SignIns] = sign_ins
    requests: Callable[[], AccessRequests] = access_requests
    asking: Callable[[], Asking] = asking
    approvals: Callable[[], Approvals] = approvals
    anomaly_settings: Callable[[], AnomalySettingsDesk] = anomaly_settings
    now: Callable[[], datetime] = clock.now
