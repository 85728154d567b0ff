"""Who may use the API."""

import functools

from apps.api_tokens.models import APIToken
from apps.organizations_ext.models import Organization
from flask import abort, g, request


def requires(*scopes):
    """Return a decorator that answers 401 without a valid token and 403 without any of its scopes.

    Read from glitchtip/api/permissions.py, has_permission, and glitchtip/api/authentication.py, TokenAuth.
    """

    def decorate(view):
        @functools.wraps(view)
        def checked(**arguments):
            _, _, sent = request.headers.get("Authorization", "").partition("Bearer ")
            token = APIToken.objects.filter(token=sent, user__is_active=True).first()
            if token is None:
                return {"detail": "Unauthorized"}, 401
            if not set(scopes) & set(token.get_scopes()):
                return {"detail": "Permission denied"}, 403
            g.user_id = token.user_id
            return view(**arguments)

        return checked

    return decorate


def own_organizations():
    """Return the organizations that the token's account is a member of; the API shows nothing of others."""
    return Organization.objects.filter(organization_users__user=g.user_id)


def own_organization(slug):
    """Return one of them, or answer 404."""
    return own_organizations().filter(slug=slug).first() or abort(404)
