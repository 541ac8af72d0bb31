"""The worker's application: `celery -A driftwatch_assets.components.celery_app worker --queues dagster`."""

from __future__ import annotations

from driftwatch_assets.components.celery_steps import worker_app
from driftwatch_assets.settings import celery_broker, celery_visibility_seconds

app = worker_app(celery_broker(), celery_visibility_seconds())
