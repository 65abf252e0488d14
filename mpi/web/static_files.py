"""Stylesheets and scripts, sent compressed.

Only files of the installation are compressed, never a page: a page holds what somebody typed beside what nobody may
guess, and its compressed length would tell about the latter (BREACH). Pages stay below 100 kB without.
"""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import Redirect, StaticFile

_TEXT = (".css", ".js", ".svg", ".json", ".map")
Stats = dict[str, os.stat_result]


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise, with a compressed copy of each text file beside it."""

    def get_static_file(self, path: str, url: str, stat_cache: Stats | None = None) -> StaticFile | Redirect:
        """The file as WhiteNoise answers it, and its copy for browsers that take one."""
        if not path.endswith(_TEXT):
            return super().get_static_file(path, url, stat_cache)
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        return StaticFile(path, headers.items(), encodings={"gzip": str(compressed_copy(Path(path)))})


def compressed_copy(path: Path) -> Path:
    """Where the compressed copy of this state of the file is, under STATIC_ROOT; made if need be.

    Where nothing can be written there is none, and the file goes out as it is.
    """
    stat = path.stat()
    state = f"{path} {stat.st_size} {stat.st_mtime_ns}"
    copy = Path(settings.STATIC_ROOT) / f"{sha256(state.encode()).hexdigest()}.gz"
    if not copy.exists():
        draft = copy.with_suffix(f".{os.getpid()}")
        try:
            copy.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
            draft.replace(copy)
        except OSError:
            with suppress(OSError):
                draft.unlink()
    return copy
