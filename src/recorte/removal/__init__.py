"""Using a trained model. Nothing in here imports torch."""
