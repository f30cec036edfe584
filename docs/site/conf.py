"""What Sphinx is told: Furo's theme, Markdown by MyST, docstrings by autodoc; nothing is loaded from a network."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from docstrings import set_up  # noqa: E402 (from this folder)

import exactinj  # noqa: E402

project = "exactinj"
author = "The exactinj developers"
version = release = exactinj.__version__
copyright = "The exactinj developers, MIT licence"  # noqa: A001 (Sphinx's name)

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = True
nitpick_ignore_regex = [("py:class", r".*")]  # types in signatures that have no page of their own
suppress_warnings = ["ref.python"]  # words such as m in the types of attributes, which are no links

myst_heading_anchors = 4
myst_enable_extensions: list[str] = []

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = False
napoleon_custom_sections = [("Attributes", "params_style")]
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = "exactinj"
html_static_path = [str(HERE / "static"), str(HERE.parent / "_build" / "static")]
html_css_files = ["site.css"]
html_js_files = ["gallery.js"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "light_css_variables": {"font-stack": "system-ui, sans-serif", "font-stack--monospace": "ui-monospace, monospace"},
    "navigation_with_keys": True,
}
highlight_language = "text"


def setup(app: object) -> dict[str, bool]:
    """Docstrings are rewritten a little on their way into pages."""
    set_up(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
