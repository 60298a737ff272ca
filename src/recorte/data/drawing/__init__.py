"""Drawing flat illustrations of people with an exact alpha: canvas, shapes, colours, figures and scenery."""
