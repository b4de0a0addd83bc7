package dev.socratic.trainer.storage;

/**
 * What the hub says about one file of one commit.
 *
 * @param path inside the repository
 * @param etag name of its blob in the cache: sha256 of the content for large files, git's object id for others
 * @param size in bytes, -1 when the server does not say
 */
record HubFile(String path, String etag, long size) {}
