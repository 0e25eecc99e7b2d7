"""What is published now: read from the warehouse at most every few seconds, to mark synthetic data on every page."""

import logging
import time
from dataclasses import dataclass, field

import psycopg2

from superset_config.environment import Environment

SECONDS_KEPT = 10.0

logger = logging.getLogger(__name__)


@dataclass
class PublicationNotice:
    """The published data's own notice, kept for a few seconds; the last known one where the warehouse is silent."""

    environment: Environment
    text: str = ""
    _read_at: float = field(default=float("-inf"), repr=False)

    def current(self) -> str:
        """The words every page must show: the synthetic mark, or nothing for real data."""
        if time.monotonic() - self._read_at > SECONDS_KEPT:
            # Set first, so that a slow warehouse delays one request and not all of them.
            self._read_at = time.monotonic()
            self.text = self._read()
        return self.text

    def _read(self) -> str:
        url = self.environment.warehouse_url("public_reader").replace("postgresql+psycopg2", "postgresql")
        try:
            connection = psycopg2.connect(url, connect_timeout=2, application_name="superset notice")
            try:
                with connection.cursor() as cursor:
                    cursor.execute("select is_synthetic, notice from open_data.publication_status limit 1")
                    row = cursor.fetchone()
            finally:
                connection.close()
        except psycopg2.errors.UndefinedTable:
            return ""
        except psycopg2.Error as error:
            logger.warning("The warehouse does not say what is published: %s", str(error).strip())
            return self.text
        if row is None or not row[0]:
            return ""
        return row[1] or "SYNTHETIC SAMPLE DATA: invented figures for trying things out, not for use."
