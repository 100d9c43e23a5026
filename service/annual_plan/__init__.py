"""The annual inspection plan: what a bureau may draw and visit in a year, approved by its head and published.

`content` is the plan as a value, `editing` the draft, `submitting` the way of two persons to a published version, `tasks` what a draw is
made from, `temporary` tasks outside the plan, `progress` what became of each task, `working_time` the arithmetic of inspection days.
"""
