"""Gunicorn's settings: `gunicorn --config superset_config/gunicorn.conf.py 'superset.app:create_app()'`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from superset_config.environment import Environment

_environment = Environment.load()
# Said here once: a worker that ends while starting would be started again and again.
_environment.check()

bind = f"{_environment.variables.get('SUPERSET_ADDRESS', '127.0.0.1')}:{_environment.required('SUPERSET_PORT')}"
workers = int(_environment.variables.get("SUPERSET_WORKERS", "1"))
worker_class = "gthread"
threads = int(_environment.variables.get("SUPERSET_THREADS", "8"))
timeout = 120
graceful_timeout = 10
keepalive = 30
# Pages are sent to people on this machine or through a proxy that is trusted by address.
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Nothing here controls a running server through a socket in somebody's home folder.
control_socket_disable = True
