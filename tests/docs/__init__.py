"""All code in the documentation runs, all links lead somewhere, and the seeds table is true."""
