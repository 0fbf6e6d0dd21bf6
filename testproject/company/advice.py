"""What an organisation's admin can do about an event of their connection."""

from django_scim.models import Event

BY_TYPE = {
    "uniqueness": "The name is taken on this site. Change it at your identity provider; if the "
    "account was yours before, ask the site's staff to give it to your connection.",
    "invalidValue": "A value does not fit; the detail names it. Correct it, or its mapping, at "
    "your identity provider, which will send it again.",
    "mutability": "Only the site changes this. Take it out of your identity provider's mapping.",
}
BY_STATUS = {
    401: "The token is expired or revoked, or the connection is paused. Resume it, or issue "
    "another token and paste it into your identity provider.",
    403: "The token may not do this, or not from that address. Ask the site's staff.",
    404: "Your connection has no such person or group. Let your identity provider provision it "
    "again.",
    412: "It changed in between. Your identity provider reads it again and repeats its change.",
    500: "This is a defect of the site. Tell its staff the time.",
}
STOPPED = (
    "Do so many people really leave? If not, correct the assignment at your identity provider. "
    "If so, let the connection go on."
)
OTHERWISE = "See the detail. Most identity providers repeat a failed request by themselves."


def advice(event: Event) -> str:
    """Return what to do; "" where there is nothing to do."""
    if event.outcome == Event.Outcome.STOPPED:
        return STOPPED
    if event.outcome != Event.Outcome.FAILURE:
        return ""
    return BY_TYPE.get(event.scim_type) or BY_STATUS.get(event.status, OTHERWISE)
