"""A synthetic population of patients and what several source systems say of them.

Pure Python, seeded, no Django, no database. `generate.generate` is the door; `prevalence` states how
often everything happens and why; `systems` describes the source systems; `data/README.md` says where
the name and place tables come from.

The order of the modules is the order of the making: `names` and `homes` give a person the truth,
`households` puts persons together, `records` tells that truth as one system would have noted it on
one day, with the errors of `noise` and the habits of `formats`.
"""
