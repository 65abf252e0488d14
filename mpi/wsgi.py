"""The WSGI doors: `application`, and `spread`, which granian serves from several processes."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from mpi.web.spread import Spread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mpi.settings")
application = get_wsgi_application()
spread = Spread(application)

# A request makes a few thousand objects and hardly a ring among them; a look for rings through all that was loaded
# takes tens of milliseconds, in the middle of somebody's request.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 50, 100)
