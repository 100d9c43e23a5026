"""What the public sees, as values: one function per page, reading published things only. HTML is made elsewhere.

Nothing here reads `draw_secret`, `draw_result` or `sealed_event`, nor a blob that is not public: what a sealed draw holds cannot
leak through a page, because no page can reach it.
"""
