"""Files of any content: formats, atomic writing, digests, the cache's folder."""
