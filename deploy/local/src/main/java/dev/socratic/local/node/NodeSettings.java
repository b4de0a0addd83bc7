package dev.socratic.local.node;

import java.nio.file.Path;

/**
 * A node's fixed facts.
 *
 * @param name the Node object's name
 * @param pods folder with one subfolder a pod (its file system and its log)
 * @param claims folder of claims that belong to people: {@code claims/NAMESPACE/CLAIM}; never deleted
 * @param volumes folder of claims that belong to a resource, deleted with them
 * @param cache what runs share, mounted for {@code /var/cache/socratic}
 * @param images the programs that stand for container images
 */
public record NodeSettings(String name, Path pods, Path claims, Path volumes, Path cache, ContainerImages images) {}
