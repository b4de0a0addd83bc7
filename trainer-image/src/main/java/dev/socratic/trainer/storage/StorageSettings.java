package dev.socratic.trainer.storage;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where this process finds things. The operator and the command line both say it through the environment, with the
 * names that {@code huggingface_hub} reads where it has one.
 *
 * @param hubEndpoint without a final slash
 * @param cache parent of {@code hub}, the cache that huggingface_hub can share, and of {@code https}
 * @param outputToken what an output on the hub is written with
 * @param outputs where an output lies until it goes on to its destination: on the run's own volume where it has one
 * @param claims folder under which each persistent volume claim is mounted by its name
 * @param configMaps folder under which each ConfigMap is mounted by its name
 * @param resource whose runs this is one of; empty where nobody starts one after another by himself
 */
public record StorageSettings(
        URI hubEndpoint,
        Optional<AccessToken> hubToken,
        Optional<AccessToken> outputToken,
        Path hubCache,
        Path cache,
        Path outputs,
        Path claims,
        Path configMaps,
        Optional<String> resource,
        RetryPolicy retry) {
    private static final String PUBLIC_HUB = "https://huggingface.co";

    public static StorageSettings fromEnvironment(Map<String, String> environment) {
        Path home = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")));
        Optional<Path> ours = value(environment, "SOCRATIC_CACHE").map(Path::of);
        Path cache = ours.orElse(home.resolve(".cache/socratic"));
        Path hubCache = ours.map(folder -> folder.resolve("hub"))
                .or(() -> value(environment, "HF_HUB_CACHE").map(Path::of))
                .or(() -> value(environment, "HF_HOME").map(folder -> Path.of(folder, "hub")))
                .orElse(cache.resolve("hub"));
        String endpoint = value(environment, "HF_ENDPOINT").orElse(PUBLIC_HUB).replaceAll("/+$", "");
        return new StorageSettings(
                URI.create(endpoint),
                token(environment, "HUGGINGFACE_TOKEN", "HF_TOKEN"),
                token(environment, "SOCRATIC_OUTPUT_TOKEN", "HUGGINGFACE_TOKEN", "HF_TOKEN"),
                hubCache,
                cache,
                value(environment, "SOCRATIC_CHECKPOINTS")
                        .map(Path::of)
                        .orElse(cache)
                        .resolve("outputs"),
                Path.of(environment.getOrDefault("SOCRATIC_PVC_ROOT", "/mnt/pvc")),
                Path.of(environment.getOrDefault("SOCRATIC_CONFIGMAP_ROOT", "/mnt/configmap")),
                value(environment, "SOCRATIC_RESOURCE"),
                new RetryPolicy(6, Duration.ofSeconds(1)));
    }

    StorageSettings with(RetryPolicy policy) {
        return new StorageSettings(
                hubEndpoint, hubToken, outputToken, hubCache, cache, outputs, claims, configMaps, resource, policy);
    }

    /** The first of these variables that says something. */
    private static Optional<AccessToken> token(Map<String, String> environment, String... names) {
        return Stream.of(names)
                .flatMap(name -> value(environment, name).stream())
                .findFirst()
                .map(AccessToken::new);
    }

    private static Optional<String> value(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(text -> !text.isEmpty());
    }
}
