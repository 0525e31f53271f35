"""What learns from the past and is judged on the future: labels, splitters, fits, teachers, decisions.

subjects   the kinds, and what each promises
panel      a small training table made from the scene
labels     a label may change only when something inside its interval does
folds      no training label overlaps a test label
fits       what lies after the training window changes nothing, what lies inside does
crossed    a prediction made in training knows nothing of its own label
ours       the labels, splitters, encoder and models of this package
"""
