"""Sphinx: MyST pages, the furo theme, warnings are errors."""

project = "django-scim-provisioning"
author = "The django-scim-provisioning maintainers"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "django-scim-provisioning"
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
