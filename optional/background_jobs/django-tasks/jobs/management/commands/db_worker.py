"""`manage.py db_worker`: the worker of django-tasks-db, which also returns the jobs of workers that were killed."""

from django_tasks_db.management.commands import db_worker

from jobs.worker import Worker

db_worker.Worker = Worker  # type: ignore[misc]  # the command has no option for it


class Command(db_worker.Command):
    """Runs `jobs.worker.Worker`. Django finds this command first, because `jobs` is installed before django_tasks_db."""
