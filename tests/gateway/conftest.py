"""DynamoDB over HTTP for the gateway's tests: real boto3, moto's server, a table for each test."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from gateway.callers.tokens import TokenTable
from tests.moto_server import moto_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_dynamodb import DynamoDBClient


def dynamodb_at(url: str) -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        region_name="eu-west-1",
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="session")
def dynamodb(dynamodb_url: str) -> DynamoDBClient:
    return dynamodb_at(dynamodb_url)


@pytest.fixture
def table_name() -> str:
    return f"tokens-{uuid.uuid4().hex}"


@pytest.fixture
def table(dynamodb: DynamoDBClient, table_name: str) -> TokenTable:
    tokens = TokenTable(dynamodb, table_name)
    tokens.ensure_table()
    return tokens


@pytest.fixture
def table_out_of_reach() -> TokenTable:
    """A table behind a port where nobody listens."""
    return TokenTable(dynamodb_at("http://127.0.0.1:1"), "tokens")
