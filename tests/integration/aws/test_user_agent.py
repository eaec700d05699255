"""What AWS's services, and so CloudTrail, are told of who calls them."""

from botocore.awsrequest import AWSPreparedRequest

from nightlatch.bootstrap import aws
from tests.integration.aws.deployed import Deployed


def test_every_call_says_that_it_is_nightlatchs(nightlatch: Deployed) -> None:
    told: set[str] = set()

    def note(request: AWSPreparedRequest, **_: object) -> None:
        agent = request.headers["User-Agent"]
        told.add(agent.decode() if isinstance(agent, bytes) else agent)

    events = aws.session().get_component("event_emitter")
    events.register("before-send", note)
    aws.client("kms").list_keys()
    nightlatch.granted()
    events.unregister("before-send", note)
    [agent] = told
    assert agent.startswith("Nightlatch Botocore/")
