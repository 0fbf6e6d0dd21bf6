from oauth2_provider.oauth2_validators import OAuth2Validator

from . import PEOPLE


class ClaimsValidator(OAuth2Validator):
    oidc_claim_scope = None  # all claims, whatever the scopes

    def get_additional_claims(self, request):
        return PEOPLE[request.user.username]
