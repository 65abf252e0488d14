"""Settings, read from the environment; a secret that is not given is made once under MPI_HOME/keys (0600)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from mpi import embedded


def env(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, default)


def env_bool(name: str, default: bool = False) -> bool:
    told = env(name, str(default)).lower()
    if told not in {"true", "false", "1", "0", "yes", "no"}:
        raise SystemExit(f"{name} must be true or false.")
    return told in {"true", "1", "yes"}


def env_int(name: str, default: int) -> int:
    try:
        return int(env(name, str(default)))
    except ValueError:
        raise SystemExit(f"{name} must be a whole number.") from None


def env_share(name: str, default: float) -> float:
    try:
        found = float(env(name, str(default)))
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise SystemExit(f"{name} must be a number from 0 to 1.")
    return found


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


BASE_DIR = Path(__file__).resolve().parent.parent
MPI_HOME = Path(env("MPI_HOME", str(BASE_DIR / "var"))).absolute()
KEYS_DIR = MPI_HOME / "keys"
DEBUG = env_bool("DEBUG")


def made_secret(name: str) -> str:
    """A random secret of this installation, made at first need. Set NAME in the environment to share it among hosts."""
    if told := env(name):
        return told
    path = KEYS_DIR / name.lower()
    if not path.exists():
        KEYS_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


SECRET_KEY = made_secret("SECRET_KEY")
MPI_VAULT_KEYS = env("MPI_VAULT_KEYS")
MPI_VAULT_KEYS_FILE = str(KEYS_DIR / "vault.json")
# What the downtime look-up needs: a key of its own, and where the nightly snapshots are put.
MPI_DOWNTIME_KEYS = env("MPI_DOWNTIME_KEYS")
MPI_DOWNTIME_KEYS_FILE = env("MPI_DOWNTIME_KEYS_FILE", str(KEYS_DIR / "downtime.json"))
MPI_DOWNTIME_DIR = env("MPI_DOWNTIME_DIR", str(MPI_HOME / "downtime"))
MPI_DOWNTIME_NUMBERS = env_int("MPI_DOWNTIME_NUMBERS", 500)
MPI_DOWNTIME_SYSTEM = env("MPI_DOWNTIME_SYSTEM", "DOWNTIME")
AUDIT_SIGNING_KEY_FILE = env("AUDIT_SIGNING_KEY_PATH", str(KEYS_DIR / "audit-signing.pem"))
AUDIT_CHECKPOINT_DIR = env("AUDIT_CHECKPOINT_DIR", str(MPI_HOME / "checkpoints"))
AUDIT_ORIGIN = env("AUDIT_ORIGIN", "master-patient-index/audit")

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "mpi.apps.MpiConfig",
    "review.apps.ReviewConfig",
    "audit.apps.AuditConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "csp",
    "django_htmx",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
    "simple_history",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "mpi.web.static_files.StaticFiles",
    "mpi.web.page_middleware.ContentPolicy",
    "mpi.web.page_middleware.sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "mpi.web.page_middleware.authentication",
    "mpi.web.page_middleware.messages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mpi.web.page_middleware.htmx",
    "mpi.web.middleware.ActorMiddleware",
    "mpi.web.middleware.ErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "mpi.urls"
WSGI_APPLICATION = "mpi.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASE_URL = env("DATABASE_URL")
REDIS_URL = env("REDIS_URL")
MPI_EMBEDDED_POSTGRES = not DATABASE_URL
MPI_EMBEDDED_VALKEY = not REDIS_URL
_EMBEDDED = embedded.addresses(MPI_HOME)


def database_settings(url: str) -> dict[str, str]:
    """postgresql://user:password@host:port/name?sslmode=…, the host possibly a socket folder (percent-encoded).

    What follows the question mark is libpq's own (sslmode, sslrootcert, target_session_attrs …).
    """
    if not url:
        return dict(_EMBEDDED.database)
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SystemExit("DATABASE_URL must begin with postgresql:// (only PostgreSQL 15 or newer is supported).")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
    }


DATABASES = {
    "default": {
        **database_settings(DATABASE_URL),
        "ENGINE": "mpi.database",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            "application_name": "mpi",
            **dict(parse_qsl(urlsplit(DATABASE_URL).query)),
            "options": "-c jit=off -c plan_cache_mode=force_generic_plan -c lock_timeout=10s -c timezone=UTC",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOCK_ATTEMPTS = env_int("MPI_LOCK_ATTEMPTS", 5)

CELERY_BROKER_URL = REDIS_URL or _EMBEDDED.broker_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL or _EMBEDDED.redis_url,
        "KEY_PREFIX": "mpi",
    }
}
INGEST_BATCH = env_int("MPI_INGEST_BATCH", 100)
# A message that waits for longer is taken by the sweep, in case its hint was lost.
SWEEP_AFTER_S = env_int("MPI_SWEEP_AFTER_S", 15)
# The source system of the index's own registration desk.
REGISTRATION_SYSTEM = env("MPI_REGISTRATION_SYSTEM", "REGISTRATION")
MESSAGE_MAX_BYTES = env_int("MPI_MESSAGE_MAX_BYTES", 1_000_000)
REST_REQUESTS_PER_MINUTE = env_int("MPI_REST_REQUESTS_PER_MINUTE", 60_000)
# Who counts what waits for stewards: the desk, for the index knows nothing of its deferrals.
REVIEW_COUNTS = "review.queries.queue_ages"
# The share of existing links that a linkage model may change without a rematch preview.
MODEL_CHANGE_SHARE = env_share("MPI_MODEL_CHANGE_SHARE", 0.001)
# Which reasons ask for two people here; "none" for a house with one steward.
_SECOND_PERSON = "vip,large-person,conflicting-identifiers,overlay-split,old-merge"
SECOND_PERSON = env_list("MPI_SECOND_PERSON", _SECOND_PERSON)
if set(SECOND_PERSON) - {*_SECOND_PERSON.split(","), "none"}:
    raise SystemExit(f"MPI_SECOND_PERSON must be a list of {_SECOND_PERSON}, or none.")
LARGE_PERSON = env_int("MPI_LARGE_PERSON", 20)
OLD_MERGE_DAYS = env_int("MPI_OLD_MERGE_DAYS", 30)
# Share of the review tasks that two stewards read without knowing of one another.
BLIND_REVIEW_SHARE = env_share("MPI_BLIND_REVIEW_SHARE", 0.02)
IDEMPOTENCY_WINDOW_HOURS = env_int("MPI_IDEMPOTENCY_WINDOW_HOURS", 24)

# History is read by the id of its row; nobody asks what changed at a time in all rows (the audit log answers that).
SIMPLE_HISTORY_DATE_INDEX = False
AUTH_USER_MODEL = "mpi.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = env_int("MPI_SIGN_IN_FAILURE_LIMIT", 10)
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# ASVS 5 7.3: idle and absolute limits; a shared workstation is the normal case here.
SESSION_COOKIE_AGE = env_int("MPI_SESSION_SECONDS", 12 * 3600)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env_bool("MPI_TLS")
SECURE_SSL_REDIRECT = env_bool("MPI_TLS")
SECURE_HSTS_SECONDS = 31_536_000 if env_bool("MPI_TLS") else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env_bool("MPI_BEHIND_PROXY") else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STATIC_ROOT = MPI_HOME / "static"
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env("MPI_TIME_ZONE", "UTC")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Master Patient Index",
    "DESCRIPTION": "Who is who: match, register and cross-reference patients. Every answer carries its reasons.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Values of patients never enter a log: messages carry ids, counts and durations only.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "WARNING")},
    "loggers": {"axes": {"level": "ERROR"}, "django.request": {"level": "ERROR"}},
}
