"""Settings of the look-up during downtime: no database, no broker, nothing but a snapshot and a journal.

Any query raises ImproperlyConfigured: the look-up cannot come to depend on PostgreSQL unseen.
"""

from mpi.settings import *  # noqa: F403  # the same site, but for what follows

ROOT_URLCONF = "mpi.web.downtime.urls"
WSGI_APPLICATION = "mpi.web.downtime.wsgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# The session stands in the cookie, signed: it holds a user name and nothing of a patient.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_NAME = "downtime"
CSRF_COOKIE_NAME = "downtime-csrf"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mpi.web.static_files.StaticFiles",
    "mpi.web.page_middleware.ContentPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mpi.web.downtime.views.Refusals",
]
