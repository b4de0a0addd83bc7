package dev.socratic.trainer.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.socratic.trainer.storage.UnwritableFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZonedDateTime;
import java.util.HexFormat;

/**
 * When a run was first started. A chat template may print the date: an attempt that goes on after midnight must see the
 * tokens that the first one saw, or it would be another run and begin anew.
 */
final class FirstStart {
    private static final String FILE = "first-start.json";
    private static final JsonMapper JSON = new JsonMapper();

    private FirstStart() {}

    /**
     * The moment that the folder keeps for these settings and this dataset; where it has none, now, which is then kept.
     *
     * @param checkpoints of the run, shared by its attempts
     */
    static ZonedDateTime of(Path checkpoints, String settings, Path dataset, ZonedDateTime now) {
        Path file = checkpoints.resolve(FILE);
        try {
            String run = digest(settings, dataset);
            JsonNode kept = Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
            if (kept.path("run").asText().equals(run)) {
                return ZonedDateTime.parse(kept.path("at").asText());
            }
            write(file, JSON.createObjectNode().put("run", run).put("at", now.toString()));
            return now;
        } catch (IOException unwritable) {
            throw UnwritableFolder.of("spec.output.uri", checkpoints, unwritable);
        }
    }

    private static void write(Path file, JsonNode content) throws IOException {
        Files.createDirectories(file.getParent());
        Path beside = file.resolveSibling("." + FILE + ".tmp");
        Files.writeString(beside, content.toString());
        Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static String digest(String settings, Path dataset) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(settings.getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(dataset));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
