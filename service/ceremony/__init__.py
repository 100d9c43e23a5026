"""The ceremony (抽取现场): what the room, the witnesses' phones and the staff see between the freeze and the outcome.

`state` is what everybody may see, `words` what is to be done next, `cards` the witnesses' personal addresses and the keys their phones
offer, `scans` the signed paper, `entering` what staff type, `streams` how pages learn that something changed.
"""
