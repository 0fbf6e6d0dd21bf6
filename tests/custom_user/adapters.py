from django_scim.adapters import Field, UserAdapter, Values


class PersonAdapter(UserAdapter):
    attributes = UserAdapter.attributes | {
        "userName": Field("email", key="scim_key.folded"),
        "name.givenName": Field("scim_profile.given_name"),
        "name.familyName": Field("scim_profile.family_name"),
        "emails": Values("emails"),
    }
