"""Texts that try to break a page.

Not here: tests. Try it: `python -m pytest tests/reports/test_page.py -k hostile`.
"""

HOSTILE = (
    "<script>window.broken = 1</script>",
    '"><img src=x onerror="window.broken = 2">',
    "</style></pre></details></main><h1>mine</h1><script>alert(1)</script>",
    "'; window.broken = 3; //",
    "{{ 7 * 7 }}{% for x in (1).__class__.__base__.__subclasses__() %}",
    "&lt;already&gt; &amp; &#60;b&#62;",
    "a\x00b\x07c\x1b[31mred\x7f\x85",
    "left \u202eright\u202c \u2066isolated\u2069 \u200bzero\ufeff",
    "lone \ud800 and \udfff surrogates",
    "line\u2028separator\u2029paragraph\r\nend\r",
    "]]><!-- --><svg onload=window.broken=4><math><mtext></script>",
    "javascript:window.broken=5",
    "word" * 4000,
    "\n" * 500,
    "\U000e0041\U000e0042 tags",
    "שלום עולם ثم English",
    "",
)
EVERYTHING = "|".join(HOSTILE[:12])
