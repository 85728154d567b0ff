"""Kinds of recipients."""

from django.db import models


class RecipientType(models.TextChoices):
    """Where an alert is sent. Read from apps/alerts/constants.py."""

    EMAIL = "email", "Email"
    GENERAL_WEBHOOK = "webhook", "General Slack-compatible webhook"
    DISCORD = "discord", "Discord"
    GOOGLE_CHAT = "googlechat", "Google Chat webhook"
