"""How Sphinx makes a deck. `python -m workshop slides` calls it for each language, with the run to show."""

extensions = ["myst_parser", "sphinx_revealjs", "workshop.slides.directives"]
root_doc = "index"
highlight_language = "text"
html_copy_source = False

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "substitution"]

revealjs_static_path = ["static"]
revealjs_style_theme = "deck.css"
revealjs_use_section_ids = True
revealjs_script_files = ["deck.js"]
revealjs_script_plugins = [
    {"name": "RevealHighlight", "src": "revealjs/plugin/highlight/highlight.js"},
    {"name": "RevealNotes", "src": "revealjs/plugin/notes/notes.js"},
    {"name": "RevealZoom", "src": "revealjs/plugin/zoom/zoom.js"},
]
revealjs_script_conf = {
    "width": 1280,
    "height": 720,
    "margin": 0,
    "minScale": 0.1,
    "maxScale": 4,
    "center": False,
    "hash": True,
    "slideNumber": "c/t",
    "transition": "none",
    "backgroundTransition": "none",
    "pdfSeparateFragments": False,  # a page is a slide
    "pdfMaxPagesPerSlide": 1,
}
