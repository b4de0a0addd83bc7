package dev.socratic.trainer.run;

import dev.socratic.trainer.data.Example;
import dev.socratic.trainer.storage.ResolvedInput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells runs apart by what decides their numbers: settings, tokens and model. A run goes on from checkpoints that bear
 * its identity and passes over all others.
 */
final class RunIdentity {
    private static final int BYTES = 8;

    private final MessageDigest digest;

    private RunIdentity() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    static String of(Settings settings, ResolvedInput model, List<Example> examples) {
        RunIdentity identity = new RunIdentity();
        identity.add(settings.trainingRelevant());
        identity.add(model.revision().orElseGet(() -> weights(model.path())));
        for (Example example : examples) {
            identity.add(example.inputIds());
            identity.add(example.labels());
        }
        return HexFormat.of().formatHex(identity.digest.digest(), 0, BYTES);
    }

    private void add(String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
    }

    private void add(int[] tokens) {
        ByteBuffer bytes = ByteBuffer.allocate(tokens.length * Integer.BYTES);
        bytes.asIntBuffer().put(tokens);
        digest.update(bytes);
    }

    /** A local model by its files' names, sizes and times: reading gigabytes to be sure would take longer than it saves. */
    private static String weights(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            StringBuilder state = new StringBuilder();
            for (Path file : files.filter(f -> f.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList()) {
                state.append(file.getFileName())
                        .append(' ')
                        .append(Files.size(file))
                        .append(' ');
                state.append(Files.getLastModifiedTime(file)).append('\n');
            }
            return state.toString();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + folder, e);
        }
    }
}
