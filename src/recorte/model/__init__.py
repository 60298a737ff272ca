"""The network, its losses and metrics, and its export: pure torch but for the LightningModule."""
