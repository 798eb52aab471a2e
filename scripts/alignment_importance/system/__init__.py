"""What every layer stands on: files, records, logs, memory and devices."""
