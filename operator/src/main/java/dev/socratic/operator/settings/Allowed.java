package dev.socratic.operator.settings;

import java.util.List;

/**
 * What a resource may set of the fields that reach beyond its namespace: on which nodes its pod runs, with which rights
 * and rank, and what runs there. In each list {@value #ANY} allows every value, and no entry none.
 *
 * @param images registries, repositories or images that {@code placement.image} may come from
 * @param nodeLabels labels of nodes that {@code placement.nodeSelector} and {@code affinity} may name
 * @param tolerations keys of taints that {@code placement.tolerations} may name
 * @param runtimeClasses values of {@code placement.runtimeClassName}
 * @param priorityClasses values of {@code placement.priorityClassName}
 */
public record Allowed(
        List<String> images,
        List<String> nodeLabels,
        List<String> tolerations,
        List<String> runtimeClasses,
        List<String> priorityClasses) {
    public static final String ANY = "*";

    /** Every value of every field. */
    public static Allowed everything() {
        List<String> any = List.of(ANY);
        return new Allowed(any, any, any, any, any);
    }
}
