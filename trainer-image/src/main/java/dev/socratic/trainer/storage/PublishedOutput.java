package dev.socratic.trainer.storage;

/**
 * @param uri of the output folder, as in the resource
 * @param sha256 of adapter_model.safetensors in hexadecimal
 * @param sizeBytes of all published files together
 */
public record PublishedOutput(String uri, String sha256, long sizeBytes) {}
