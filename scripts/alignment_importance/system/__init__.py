"""What every other layer uses: files, records, logs, memory and devices."""
