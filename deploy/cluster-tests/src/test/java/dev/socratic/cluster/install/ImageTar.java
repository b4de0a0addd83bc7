package dev.socratic.cluster.install;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.cluster.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An image as {@code mvn jib:buildTar} left it.
 *
 * @param folder its layers and its configuration, unpacked
 * @param config the container's: user, environment, labels
 * @param files what the layers hold, as tar lists it, such as {@code opt/socratic/libs/a.jar}
 */
record ImageTar(Path folder, JsonNode config, Set<String> files) {
    private static final JsonMapper JSON = new JsonMapper();

    /** The image of {@code module}; the calling test is skipped where none was built. */
    static ImageTar of(String module, Path folder) throws IOException {
        Path tar = Program.ROOT.resolve(module).resolve("target/jib-image.tar");
        assumeTrue(Files.exists(tar), "needs " + tar + " (.ci/cluster.sh builds it)");
        Program.named("tar").run("xf", tar.toString(), "-C", folder.toString());
        Set<String> files = new HashSet<>();
        for (Path layer : layers(folder)) {
            Program.named("tar").run("tzf", layer.toString()).lines().forEach(files::add);
        }
        JsonNode config = JSON.readTree(folder.resolve("config.json").toFile());
        return new ImageTar(folder, config.path("config"), files);
    }

    /** The one file of this name in the layers above the base. */
    String read(String file) throws IOException {
        for (Path layer : layers(folder)) {
            Program.Result found = Program.named("tar").tryRun("xzOf", layer.toString(), file);
            if (found.exitCode() == 0) {
                return found.output();
            }
        }
        throw new AssertionError("no " + file + " in " + folder);
    }

    Optional<String> variable(String name) {
        for (JsonNode variable : config.path("Env")) {
            if (variable.asText().startsWith(name + "=")) {
                return Optional.of(variable.asText().substring(name.length() + 1));
            }
        }
        return Optional.empty();
    }

    private static List<Path> layers(Path folder) throws IOException {
        JsonNode manifest =
                JSON.readTree(folder.resolve("manifest.json").toFile()).path(0);
        return manifest.path("Layers")
                .valueStream()
                .map(JsonNode::asText)
                .map(folder::resolve)
                .toList();
    }
}
