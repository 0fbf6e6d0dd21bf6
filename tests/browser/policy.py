"""A strict Content-Security-Policy, so that the browser reports pages that violate it."""

POLICY = "default-src 'self'"


def content_security_policy(get_response):
    def respond(request):
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return respond
