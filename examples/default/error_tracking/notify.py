"""Sends a message to ADMINS by the site's own mail, for the case that the tracker cannot."""

import logging
import threading

from django.core.mail import mail_admins

from error_tracking import conf

log = logging.getLogger("error_tracking.spool.alarm")  # its lines become neither breadcrumbs nor events: see apps.py
SECONDS = 30  # to wait for the mail server; a process that ends meanwhile does not send the message


def notify_admins(subject: str, text: str) -> None:
    """Mail `text` to ADMINS. If no mail can be sent, log it as an ERROR."""
    if not conf.sends_mail():
        log.error("%s: %s", subject, text)
        return

    def send() -> None:
        try:
            mail_admins(subject, text)
        except Exception as error:
            log.error("%s: %s (The mail to ADMINS failed: %r)", subject, text, error)

    try:
        thread = threading.Thread(target=send, name="spool-alarm", daemon=True)
        thread.start()
        thread.join(SECONDS)
    except RuntimeError:  # the interpreter is shutting down
        log.error("%s: %s", subject, text)
