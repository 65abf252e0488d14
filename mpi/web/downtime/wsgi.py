"""The WSGI door of the look-up during downtime; the snapshot is opened before anybody is served."""

from __future__ import annotations

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "mpi.downtime_settings"

from django.core.wsgi import get_wsgi_application  # it reads the settings named above

application = get_wsgi_application()

from mpi.web.downtime.desk import desk  # noqa: E402  # Django must be set up

desk()
