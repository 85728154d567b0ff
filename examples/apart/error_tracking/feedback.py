"""The form on the error page in which visitors describe what they did. It needs neither a script nor a database."""

from typing import Any

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template import loader

from error_tracking.visitors import from_visitors, send

SIGNER = signing.TimestampSigner(salt="error_tracking.feedback")
LONGEST_SECONDS = 86_400  # between an error and its feedback
LARGEST = 50_000  # bytes of a request


class FeedbackForm(forms.Form):
    """The visitor's text, and optionally a name and an e-mail address, as GlitchTip stores them (its UserReport)."""

    event = forms.CharField(widget=forms.HiddenInput)
    comments = forms.CharField(label="What did you do?", max_length=5_000, widget=forms.Textarea(attrs={"rows": 4}))
    name = forms.CharField(label="Your name (optional)", max_length=128, required=False)
    email = forms.EmailField(label="Your e-mail address (optional)", max_length=254, required=False)

    @classmethod
    def about(cls, event_id: str) -> "FeedbackForm":
        """Return an empty form for an event. The signature proves that the site has shown the event's error page."""
        return cls(initial={"event": SIGNER.sign(event_id)})

    def clean_event(self) -> str:
        """Return the event's ID.

        Raises:
            ValidationError: if the site has not signed it, or too long ago.
        """
        try:
            return SIGNER.unsign(self.cleaned_data["event"], max_age=LONGEST_SECONDS)
        except signing.BadSignature:
            raise forms.ValidationError("This form has expired.") from None


@from_visitors(max_bytes=LARGEST, per_minute=5)
def feedback(request: HttpRequest) -> HttpResponse:
    """Send a visitor's description of what led to an error to the tracker, beside the error's event."""
    form = FeedbackForm(request.POST)
    sent = form.is_valid()
    if sent:
        given: dict[str, Any] = form.cleaned_data
        send_feedback(given["event"], given["comments"], given["name"], given["email"])
    page = loader.render_to_string("feedback.html", {"form": form, "sent": sent})
    return HttpResponse(page, status=200 if sent else 400)


def send_feedback(event_id: str, comments: str, name: str, email: str) -> None:
    """Send a visitor's report about an event. The e-mail address is not removed: it was entered to be answered."""
    send("user_report", {"comments": comments, "name": name}, event_id, kept={"event_id": event_id, "email": email})
