"""A Cognito user pool of people who may call the API: a sign-in page, and what groups may do.

The client has no secret: a page or a program on somebody's machine proves by PKCE that the code it
shows is its own. Nobody signs up by themselves, and a person without a group may do nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk.aws_cognito import (
    AccountRecovery,
    CfnUserPoolGroup,
    CognitoDomainOptions,
    Mfa,
    MfaSecondFactor,
    OAuthFlows,
    OAuthScope,
    OAuthSettings,
    PasswordPolicy,
    UserPool,
)
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from ledger.identity_settings import Oidc

if TYPE_CHECKING:
    from infra.options import Options
    from infra.settings import Settings

GROUPS = {
    "leasehold-read": ("read",),
    "leasehold-extend": ("read", "extend", "invoke"),
    "leasehold-admin": ("admin",),
}
TOKEN_HOURS = 1
REASONS = {
    "AwsSolutions-COG2": (
        "A second factor is each person's choice here: what the pool opens is leases. An "
        "organisation that demands one signs its people in by its own issuer instead."
    ),
    "AwsSolutions-COG3": "Threat protection is billed by the person; the pool has no sign-up.",
    "AwsSolutions-COG8": "The plan with threat protection is billed by the person.",
}


class People(Construct):
    """`oidc` is what the gateway's functions admit: the pool's access tokens."""

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, options: Options
    ) -> None:
        super().__init__(scope, construct_id)
        pool = UserPool(
            self,
            "Pool",
            user_pool_name=settings.named("people"),
            self_sign_up_enabled=False,
            sign_in_case_sensitive=False,
            account_recovery=AccountRecovery.EMAIL_ONLY,
            mfa=Mfa.OPTIONAL,
            mfa_second_factor=MfaSecondFactor(otp=True, sms=False),
            password_policy=PasswordPolicy(
                min_length=14,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        page = pool.add_domain(
            "Page", cognito_domain=CognitoDomainOptions(domain_prefix=settings.sign_in_prefix)
        )
        client = pool.add_client(
            "Client",
            generate_secret=False,
            prevent_user_existence_errors=True,
            access_token_validity=Duration.hours(TOKEN_HOURS),
            o_auth=OAuthSettings(
                flows=OAuthFlows(authorization_code_grant=True),
                scopes=[OAuthScope.OPENID, OAuthScope.EMAIL, OAuthScope.PROFILE],
                callback_urls=[*options.callback_urls],
            ),
        )
        for name in GROUPS:
            CfnUserPoolGroup(self, name, user_pool_id=pool.user_pool_id, group_name=name)
        region = settings.environment.region_name
        issuer = f"https://cognito-idp.{region}.amazonaws.com/{pool.user_pool_id}"
        self.oidc = Oidc(
            issuer=issuer,
            audience=(client.user_pool_client_id,),
            scopes=GROUPS,
            jwks_url=f"{issuer}/.well-known/jwks.json",
            name_claim="username",
            scopes_claim="cognito:groups",
            console_client_id=client.user_pool_client_id,
            console_sign_in_origin=page.base_url(),
        )
        stack = Stack.of(self)
        CfnOutput(stack, "SignIn", value=page.base_url(), description="Where people sign in.")
        CfnOutput(stack, "ClientId", value=client.user_pool_client_id)
        acknowledge(self, REASONS)
