"""What an account puts in front of an API: a host name of its own, and a web ACL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Stack
from aws_cdk.aws_apigateway import DomainName, EndpointType, SecurityPolicy
from aws_cdk.aws_certificatemanager import Certificate
from aws_cdk.aws_wafv2 import CfnWebACLAssociation
from constructs import Construct

if TYPE_CHECKING:
    from infra.constructs_.api import Api
    from infra.options import Options


class Front(Construct):
    """What the options put there; without any, nothing."""

    def __init__(self, scope: Construct, construct_id: str, *, options: Options) -> None:
        super().__init__(scope, construct_id)
        self._options = options

    def name(self, api: Api) -> None:
        """Give an API the host name. What its record has to point to is an output of the stack."""
        domain = self._options.domain
        if domain is None:
            return
        certificate = Certificate.from_certificate_arn(self, "Certificate", domain.certificate_arn)
        named = DomainName(
            self,
            "Domain",
            domain_name=domain.name,
            certificate=certificate,
            endpoint_type=EndpointType.REGIONAL,
            security_policy=SecurityPolicy.TLS_1_2,
            mapping=api.rest,
        )
        CfnOutput(
            Stack.of(self),
            "DomainTarget",
            value=named.domain_name_alias_domain_name,
            description=f"What a CNAME or alias record of {domain.name} points to.",
        )

    def guard(self, construct_id: str, api: Api) -> None:
        """Put the web ACL before an API."""
        if self._options.web_acl_arn:
            CfnWebACLAssociation(
                self,
                construct_id,
                resource_arn=api.rest.deployment_stage.stage_arn,
                web_acl_arn=self._options.web_acl_arn,
            )
