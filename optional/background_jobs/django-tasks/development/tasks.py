"""The job behind a button of the start page."""

from jobs import task


@task
def fail(order: int, card_number: str) -> None:
    """Divide by zero.

    Raises:
        ZeroDivisionError: always.
    """
    print(order / 0)
