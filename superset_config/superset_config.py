"""Superset's configuration. Superset reads this file through SUPERSET_CONFIG_PATH; every secret and address is
an environment variable (superset_config/README.md lists them)."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

# Superset runs this file by its path, so the package it lies in has to be made findable first.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superset_config import look
from superset_config.environment import Environment
from superset_config.pages import add_pages
from superset_config.security import WorkforceSecurityManager

_environment = Environment.load()
_environment.check()
_home = _environment.home / "superset"
_redis = _environment.variables.get("SUPERSET_REDIS_URL", "")

# --- Identity and addresses -------------------------------------------------------------------------------
APP_NAME = look.APP_NAME
APP_ICON = look.TOKENS["brandLogoUrl"]
FAVICONS = [{"href": "/workforce-static/favicon.svg", "type": "image/svg+xml"}]
SECRET_KEY = _environment.secret_key()
SQLALCHEMY_DATABASE_URI = _environment.required("SUPERSET_METADATA_URL")
SQLALCHEMY_ENGINE_OPTIONS = {
    "pool_size": 10,
    "max_overflow": 10,
    "pool_pre_ping": True,
    # Every chart writes three rows to the event log. Waiting for the disk each time would be most of a chart's time;
    # a crash of the server may cost the last moment of that log and nothing else.
    "connect_args": {"options": "-c synchronous_commit=off"},
}
DATA_DIR = str(_home)
UPLOAD_FOLDER = str(_home / "uploads") + "/"
FLASK_APP_MUTATOR = add_pages
ENABLE_PROXY_FIX = _environment.https

# --- People -----------------------------------------------------------------------------------------------
CUSTOM_SECURITY_MANAGER = WorkforceSecurityManager
AUTH_ROLE_ADMIN = "LIIA administrator"
AUTH_ROLE_PUBLIC = "Public"
AUTH_USER_REGISTRATION = False
AUTH_RATE_LIMITED = True
# Guessing passwords is slow; a person who mistypes a few times is not locked out.
AUTH_RATE_LIMIT = "20 per minute"
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = "1000 per second"
RATELIMIT_STORAGE_URI = _redis or "memory://"
FAB_API_SWAGGER_UI = False

# --- Browser security -------------------------------------------------------------------------------------
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _environment.https
PERMANENT_SESSION_LIFETIME = timedelta(hours=10)
ENABLE_CORS = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "object-src": ["'none'"],
        # 'unsafe-eval' is the price of handlebars charts: Superset compiles their templates in the browser.
        # A script still runs only with this request's nonce, and only administrators and analysts can save a
        # template (superset_config/access.py), so no visitor's text ever reaches the compiler.
        "script-src": ["'self'", "'strict-dynamic'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "worker-src": ["'self'", "blob:"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": _environment.https,
    "session_cookie_secure": _environment.https,
}
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
# Handlebars charts carry their layout in class and style attributes; scripts and <style> stay removed.
HTML_SANITIZATION = True
HTML_SANITIZATION_SCHEMA_EXTENSIONS = {"attributes": {"*": ["className", "style", "role", "ariaLabel", "ariaHidden"]}}

FEATURE_FLAGS = {
    "CSS_TEMPLATES": False,
    "DASHBOARD_VIRTUALIZATION": True,
    # A chart below the screen asks for its data when it comes into view.
    "DASHBOARD_VIRTUALIZATION_DEFER_DATA": True,
    "DRILL_BY": False,
    "DRILL_TO_DETAIL": False,
    "EMBEDDABLE_CHARTS": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "ENABLE_JAVASCRIPT_CONTROLS": False,
    "RLS_IN_SQLLAB": True,
}


# --- Caches: files in the embedded profile, Redis in production -------------------------------------------
def _cache(name: str, timeout: timedelta) -> dict[str, Any]:
    seconds = int(timeout.total_seconds())
    if _redis:
        return {
            "CACHE_TYPE": "RedisCache",
            "CACHE_REDIS_URL": _redis,
            "CACHE_KEY_PREFIX": f"superset_{name}_",
            "CACHE_DEFAULT_TIMEOUT": seconds,
        }
    return {
        "CACHE_TYPE": "FileSystemCache",
        "CACHE_DIR": str(_home / "cache" / name),
        "CACHE_THRESHOLD": 20_000,
        "CACHE_DEFAULT_TIMEOUT": seconds,
    }


# Figures change only with a publication, which clears this cache (superset_config/refresh.py).
DATA_CACHE_CONFIG = _cache("data", timedelta(days=7))
CACHE_CONFIG = _cache("objects", timedelta(days=1))
FILTER_STATE_CACHE_CONFIG = _cache("filter_state", timedelta(days=90))
EXPLORE_FORM_DATA_CACHE_CONFIG = _cache("explore", timedelta(days=7))
THUMBNAIL_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}

# --- Look -------------------------------------------------------------------------------------------------
THEME_DEFAULT = look.THEME_DEFAULT
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
EXTRA_CATEGORICAL_COLOR_SCHEMES = look.CATEGORICAL_SCHEMES
EXTRA_SEQUENTIAL_COLOR_SCHEMES = look.SEQUENTIAL_SCHEMES
D3_FORMAT = look.D3_FORMAT
D3_TIME_FORMAT = look.D3_TIME_FORMAT
CURRENCIES = ["GBP"]
BABEL_DEFAULT_LOCALE = "en"
LANGUAGES: dict[str, Any] = {}
ENVIRONMENT_TAG_CONFIG = {"variable": "SUPERSET_ENV", "values": {}}

# --- Limits -----------------------------------------------------------------------------------------------
ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
SUPERSET_WEBSERVER_TIMEOUT = 60
SEND_FILE_MAX_AGE_DEFAULT = int(timedelta(days=365).total_seconds())
LOG_LEVEL = "WARNING"
CONTENT_SECURITY_POLICY_WARNING = False
ALEMBIC_SKIP_LOG_CONFIG = True
