import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "testproject.settings")
# Under ASGI, a connection that stays open belongs to one of many threads and is seldom used again.
os.environ.setdefault("CONN_MAX_AGE", "0")
application = get_asgi_application()
