"""Sphinx's settings for the site in one language; `workshop/site/build.py` copies this folder beside the pages and builds."""

extensions = ["myst_nb"]
exclude_patterns = ["extra"]
templates_path = ["_templates"]
highlight_language = "none"  # of blocks that name none: commands and what they print
locale_dirs = ["locale"]  # words of the theme that Sphinx has no Russian for

nb_execution_mode = "off"  # outputs are those of the last run
nb_merge_streams = True
nb_scroll_outputs = True
myst_enable_extensions = ["colon_fence", "tasklist"]
myst_heading_anchors = 4

suppress_warnings = ["myst.header"]  # tasks are ### right below the title

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"priority": 900})]
html_extra_path = ["extra"]  # files of the kit that pages link to
html_use_index = False
html_copy_source = False
html_show_copyright = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072b2", "color-brand-content": "#0072b2"},
    "dark_css_variables": {"color-brand-primary": "#6cc1f5", "color-brand-content": "#6cc1f5"},
}
