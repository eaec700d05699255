"""What the pages of one's own access call."""

from collections.abc import Callable
from dataclasses import dataclass

from nightlatch.bootstrap.anomalies import anomalies
from nightlatch.bootstrap.anomaly_settings import anomaly_settings
from nightlatch.bootstrap.approvals import approvals
from nightlatch.bootstrap.asking import asking, asking_for_others
from nightlatch.bootstrap.requests import access_requests
from nightlatch.bootstrap.settings import ConsoleSettings, console_settings
from nightlatch.bootstrap.sign_ins import sign_ins
from nightlatch.bootstrap.signing_in import signing_in
from nightlatch.entrypoints.console.desk import Desk
from nightlatch.services.access_requests import AccessRequests
from nightlatch.services.anomalies import AnomalyDesk
from nightlatch.services.anomaly_settings import AnomalySettingsDesk
from nightlatch.services.approvals import Approvals
from nightlatch.services.asking import Asking
from nightlatch.services.asking_for_others import AskingForOthers
from nightlatch.services.sign_ins import SignIns
from nightlatch.services.signing_in import SigningIn


@dataclass(frozen=True)
class FrontDesk(Desk):
    """Signing in, asking, holding and deciding."""

    console: Callable[[], ConsoleSettings] = console_settings
    signing_in: Callable[[], SigningIn] = signing_in
    sign_ins: Callable[[], SignIns] = sign_ins
    requests: Callable[[], AccessRequests] = access_requests
    asking: Callable[[], Asking] = asking
    others: Callable[[], AskingForOthers] = asking_for_others
    approvals: Callable[[], Approvals] = approvals
    anomalies: Callable[[], AnomalyDesk] = anomalies
    anomaly_settings: Callable[[], AnomalySettingsDesk] = anomaly_settings
