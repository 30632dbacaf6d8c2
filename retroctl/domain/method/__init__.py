"""The training method over weeks: who may run today, how hard, and what the next session may be. Pure.

`days` dates as values, `facts` what is noted of a client, `today` who may run, `heart` how hard, `practice` what was
done, `levels` what a level asks for, `one_variable` what may rise between two sessions, `incline` when it is unlocked,
`assessment` when it is due and what it shows, `programme` the programmes and `proposal` their next session.
"""
