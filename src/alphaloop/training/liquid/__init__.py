"""The liquid chain: a LightGBM teacher and a TSMixer student that learns from outcomes and from it.

settings  what may be set, and how it is read
teacher   gradient boosting on the newest row; ridge, said aloud, where LightGBM is missing
student   TSMixer over windows, distilled from out-of-fold predictions of the teacher
chain     the variants: student, student without distillation, teacher
report    the three side by side, and how fast they answer

The student is the candidate; the others are what it is measured against.
"""
