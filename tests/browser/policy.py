"""What a careful site sends with every page, here so that a browser tells of what breaks it."""

POLICY = "default-src 'self'"


def content_security_policy(get_response):
    def respond(request):
        response = get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return respond
