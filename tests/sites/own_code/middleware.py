"""Remember the request, and so its user, as django-crum and django-simple-history do."""

from contextvars import ContextVar

current = ContextVar("current", default=None)


class CurrentUser:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        token = current.set(request)
        try:
            return self.get_response(request)
        finally:
            current.reset(token)
