"""Background jobs: what Celery's workers report, and the sign that they are alive. The Celery app is in config/celery.py."""
