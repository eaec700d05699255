"""What every way to hand work on promises."""

import json
from typing import Any

import boto3
from botocore.stub import Stubber
from mypy_boto3_lambda import LambdaClient

from nightlatch.adapters.lambda_fan_out import LambdaFanOut
from tests.fakes.aws import FakeFanOut

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:nightlatch-expiry"


def expected(integration_id: str) -> dict[str, Any]:
    payload = json.dumps({"integration": integration_id}).encode()
    return {"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": payload}


def test_each_integration_is_one_asynchronous_invocation_of_the_expiry_function(aws: str) -> None:
    client = boto3.client("lambda", region_name=aws)
    fan_out = LambdaFanOut(lambda: client, function=FUNCTION)

    with Stubber(client) as stubber:
        for name in ("orders-db", "payments"):
            stubber.add_response("invoke", {"StatusCode": 202}, expected(name))
            fan_out.work_off(name)
        stubber.assert_no_pending_responses()


def test_one_client_is_made_and_not_before_there_is_something_to_hand_on(aws: str) -> None:
    client = boto3.client("lambda", region_name=aws)
    made: list[LambdaClient] = []

    def make() -> LambdaClient:
        made.append(client)
        return client

    fan_out = LambdaFanOut(make, function=FUNCTION)
    made_before = [*made]
    with Stubber(client) as stubber:
        for name in ("orders-db", "payments"):
            stubber.add_response("invoke", {"StatusCode": 202}, expected(name))
            fan_out.work_off(name)

    assert (made_before, made) == ([], [client])


def test_the_fake_remembers_what_was_handed_on() -> None:
    fake = FakeFanOut()

    fake.work_off("orders-db")

    assert fake.handed_on == ["orders-db"]
