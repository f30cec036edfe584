"""The rules, one file each: parsed values in, a sentence or `Rejected` out. Nothing here reads JSON.

What a proof holds too much of to be in memory (refuters, tokens, blocks) comes as an iterator, read from the document
while the rule takes it; what has to be judged before the document goes on comes as a `Later`.
"""
