"""An OpenID Connect provider on django-oauth-toolkit, which the tests start as a process.

PUT /people/NAME with a JSON object adds a person with these claims. No password is needed to sign
in as one of these people.
"""

CLIENT_ID, CLIENT_SECRET = "site", "the secret of the site"
#: The claims of each person, by name.
PEOPLE: dict[str, dict] = {}
