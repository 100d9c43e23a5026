"""Preparing a draw by form: somebody who has never seen the system fills in one page after another, and a draft comes out.

`answers` is what was typed, page by page, kept as it was typed; `fields` turns it into form fields and back; `reading` makes the draft of it, or says
what is missing; `writing` is the way back from a draft. `store` keeps preparations, `starting` begins them, `looking` tells what freezing would give,
`choices` offers what the registries hold, `places` says on which page a fault is mended. Nothing typed is ever refused: it is kept, and shown with its fault.
"""
