"""Other tools' files, in and out: one small file per format, all behind `protocol.Format`."""
