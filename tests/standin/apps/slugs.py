"""Slugs that are made from names."""

from django.db import models


class AutoSlugField(models.SlugField):
    """A slug that is always made from the name when a row is created. A slug that is assigned later is kept.

    Read from AutoSlugField in django_extensions/db/fields/__init__.py (create_slug, with overwrite_on_add), which
    GlitchTip uses. The model has a method `slugify_function`.
    """

    def pre_save(self, model_instance, add):
        """Return the slug to store."""
        if add:
            setattr(model_instance, self.attname, model_instance.slugify_function(model_instance.name))
        return getattr(model_instance, self.attname)
