package dev.socratic.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.yaml.InvalidResource;
import dev.socratic.api.yaml.ResourceFile;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A file with one SocraticFineTune, read strictly.
 *
 * @param resource the resource with every default
 */
record FineTuneFile(Path path, SocraticFineTune resource) {
    private static final String CLAIM_SCHEME = "pvc://";

    /** @throws LocalFailure with file, line and field of every problem */
    static FineTuneFile read(Path path) {
        try {
            return new FineTuneFile(path, ResourceFile.read(path));
        } catch (InvalidResource e) {
            throw LocalFailure.configuration(e.getMessage());
        } catch (UncheckedIOException e) {
            throw LocalFailure.configuration("cannot read " + path + ": "
                    + e.getCause().getClass().getSimpleName().replace("NoSuchFileException", "there is no such file"));
        }
    }

    String name() {
        return resource.getMetadata().getName();
    }

    String namespace() {
        return Optional.ofNullable(resource.getMetadata().getNamespace()).orElse("default");
    }

    /** Names of the claims that any URI of the spec is on. */
    SortedSet<String> claims() {
        SortedSet<String> claims = new TreeSet<>();
        collect(Serialization.jsonMapper().valueToTree(resource.getSpec()), claims);
        return claims;
    }

    /** The claim that the adapter goes to; empty when it goes elsewhere. */
    Optional<String> outputClaim() {
        return claim(resource.getSpec().output().uri());
    }

    /** The claim of a {@code pvc://CLAIM/PATH} URI. */
    static Optional<String> claim(String uri) {
        return uri.startsWith(CLAIM_SCHEME)
                ? Optional.of(uri.substring(CLAIM_SCHEME.length()).split("/", 2)[0])
                : Optional.empty();
    }

    /** The path of a {@code pvc://CLAIM/PATH} URI within its claim. */
    static String pathInClaim(String uri) {
        String[] parts = uri.substring(CLAIM_SCHEME.length()).split("/", 2);
        return parts.length == 2 ? parts[1] : "";
    }

    private static void collect(JsonNode node, SortedSet<String> claims) {
        if (node.isTextual()) {
            claim(node.asText()).ifPresent(claims::add);
        }
        node.forEach(child -> collect(child, claims));
    }
}
