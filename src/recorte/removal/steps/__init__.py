"""The steps from what the network found to a picture: islands, edges, colours, people, background."""
