from django_scim.adapters import UserAdapter


class MemberAdapter(UserAdapter):
    """People are members of the organisation whose connection created them."""

    def place(self, unit, tenant):
        if not tenant.is_member(unit.target):
            tenant.add_user(unit.target)

    def belongs_to(self, user, tenant):
        return list(user.organizations_organization.all()) == [tenant]
