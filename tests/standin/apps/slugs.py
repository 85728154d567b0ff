"""Slugs that are made from names."""

import itertools

from django.db import models


class AutoSlugField(models.SlugField):
    """A slug that is always made from the name when a row is created. A slug that is assigned later is kept.

    Read from AutoSlugField in django_extensions/db/fields/__init__.py (create_slug, with overwrite_on_add), which
    GlitchTip uses. The model has a method `slugify_function` for the first slug that is tried, a method `slug_suffix`
    for those after it (from 2), and a method `same_namespace` for the rows whose slugs are taken.
    """

    def pre_save(self, model_instance, add):
        """Return the slug to store."""
        slug = getattr(model_instance, self.attname)
        if add or not slug:
            taken = model_instance.same_namespace()
            first = model_instance.slugify_function(model_instance.name)[: self.max_length]
            others = (f"{first}-{model_instance.slug_suffix(number)}" for number in itertools.count(2))
            slug = next(each for each in itertools.chain([first], others) if not taken.filter(slug=each).exists())
            setattr(model_instance, self.attname, slug)
        return slug
