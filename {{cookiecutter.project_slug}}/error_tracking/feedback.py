"""The form on the error page in which visitors describe what they did. It needs neither a script nor a database."""

from http import HTTPStatus

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from error_tracking.pages import render_page
from error_tracking.visitors import from_visitors, send

SIGNER = signing.TimestampSigner(salt="error_tracking.feedback")
LONGEST_SECONDS = 86_400  # between an error and its feedback
LARGEST = 50_000  # bytes of a request


class FeedbackForm(forms.Form):
    """The visitor's text, and optionally a name and an e-mail address, as GlitchTip stores them (its UserReport)."""

    comments = forms.CharField(label="What did you do?", max_length=5_000, widget=forms.Textarea(attrs={"rows": 4}))
    name = forms.CharField(label="Your name (optional)", max_length=128, required=False)
    email = forms.EmailField(label="Your e-mail address (optional)", max_length=254, required=False)


class ErrorPageForm(FeedbackForm):
    """The form on the error page of an event."""

    event = forms.CharField(widget=forms.HiddenInput)

    @classmethod
    def about(cls, event_id: str) -> "ErrorPageForm":
        """Return an empty form for an event. The signature proves that the site has shown the event's error page."""
        return cls(initial={"event": SIGNER.sign(event_id)}, label_suffix="")

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
def receive(request: HttpRequest) -> HttpResponse:
    """Send a visitor's description of what led to an error to the tracker, beside the error's event."""
    form = ErrorPageForm(request.POST, label_suffix="")
    if not form.is_valid():
        if "event" in form.errors:
            return show(request, "This form has expired", "Please reload the page that failed, and write again.", 400)
        return show(request, "Not sent yet", "Please correct the fields below.", 400, form)
    given: dict[str, str] = form.cleaned_data
    send_feedback(given["event"], given["comments"], given["name"], given["email"])
    return show(request, "Thank you", "Your text has been sent together with the error.", 200)


@csrf_exempt
def feedback(request: HttpRequest) -> HttpResponse:
    """Receive the form; too many requests get a page, too."""
    response = receive(request)
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        page = show(request, "Please wait", "Go back, and send your text again in a minute.", response.status_code)
        page["Retry-After"] = response["Retry-After"]
        return page
    return response


def show(request: HttpRequest, heading: str, text: str, status: int, form: ErrorPageForm | None = None) -> HttpResponse:
    """Return the page that follows the form, with the form if there is something to correct."""
    context = {"heading": heading, "text": text, "form": form}
    return HttpResponse(render_page(request, "feedback.html", context), status=status)


def send_feedback(event_id: str, comments: str, name: str, email: str) -> None:
    """Send a visitor's report about an event. The e-mail address is not removed: it was entered to be answered."""
    send("user_report", {"comments": comments, "name": name}, event_id, kept={"event_id": event_id, "email": email})
