"""Tables, migrations, blobs, the audit chain. It needs the extra `server`."""
