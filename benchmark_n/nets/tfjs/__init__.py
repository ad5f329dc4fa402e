"""TensorFlow.js graph models in torch: the file, its operators, and the graph that runs them."""
