"""What every request passes before an endpoint: request ids and logs, API keys, body limits, path normalisation."""
