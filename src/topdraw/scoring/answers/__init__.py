"""Where an output says its answer: named rules for free answers (`spans`) and letters (`letters`).

Not here: what the answer is worth; that is `scoring.equality` and the scorers.
Try it: `python -c "from topdraw.scoring.answers.spans import *; print(find('so #### 7'))"`.
"""
