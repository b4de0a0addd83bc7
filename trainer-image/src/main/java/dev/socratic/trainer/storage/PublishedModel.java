package dev.socratic.trainer.storage;

/**
 * @param uri of the output folder, as in the resource
 * @param sizeBytes of all published files together
 */
public record PublishedModel(String uri, long sizeBytes) {}
